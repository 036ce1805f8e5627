"""Owns the two pages: README.md for a git host, and index.html, one offline file. Pure functions from results to text.

It refuses clocks, versions of this machine and unescaped text, so the same results give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from parity import escaping
from parity.reporting import figures, speeds, summary, wording
from parity.reporting.results import Curve, Results

KIND_TITLES = {
    "architectures": "Architectures: forward, every activation, loss, gradients, update, statistics",
    "layers": "Layers on their own",
    "activations": "Activations on their own",
    "losses": "Losses on their own",
    "initializers": "Initializers: fans, bounds, moments, distribution, seeds",
    "optimizers": "Optimizers: the update of 20 steps, fed with the framework's own gradients",
    "schedules": "Schedules: the learning rate of each of 60 steps, read off the step",
    "curvature": "Second derivatives: Hessian-vector products, and Newton's method on convex problems",
}


def markdown(results: Results) -> str:
    """The report as GitHub-flavoured Markdown; its figures are separate files (`figures_of`)."""
    return environment(False).get_template("report.md.j2").render(**_context(results))


def html(results: Results) -> str:
    """The report as one offline HTML file."""
    drawings = {name: Markup(text) for name, text in figures_of(results).items()}  # noqa: S704 - our own SVG
    return environment(True).get_template("report.html.j2").render(**_context(results), drawings=drawings)


def figures_of(results: Results) -> dict[str, str]:
    """File name without suffix -> SVG of a figure."""
    drawings = {}
    for name, curves in trainings(results).items():
        drawings[f"loss-{name}"] = figures.svg(figures.loss_curves(curves))
        drawings[f"drift-{name}"] = figures.svg(figures.drift(curves))
    for key, workload in speeds.workloads(results).items():
        if any(not cell.why for cell in workload.cells):
            drawings[speed_name(*key)] = figures.svg(figures.speed_bars(workload.cells))
    return drawings


def speed_name(spec: str, device: str, batch: int) -> str:
    """The file name of a workload's picture, without suffix."""
    return file_name(f"speed-{spec}-{device}-{batch}")


def file_name(text: str) -> str:
    """A safe name for a file: letters, digits, `.`, `_` and `-`, none of which leads to another folder.

    If the text has other characters, its sha256 keeps the name distinct.
    """
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).lstrip(".")[:100]
    return plain if plain == text else f"{plain}-{sha256(text.encode(errors='replace')).hexdigest()[:8]}"


def trainings(results: Results) -> dict[str, list[Curve]]:
    """Name -> curves of one training. The name is the spec's name as a file name, numbered if it was trained more than once."""
    groups: dict[tuple[str, str, str], list[Curve]] = {}
    for curve in sorted(results.curves, key=lambda curve: (curve.spec, curve.case, curve.dataset, curve.framework)):
        groups.setdefault((curve.spec, curve.case, curve.dataset), []).append(curve)
    by_case: dict[str, list[Curve]] = {}
    for (spec, _, _), curves in groups.items():
        times = 1 + sum(curves[0].spec == spec for curves in by_case.values())
        by_case[file_name(spec if times == 1 else f"{spec}-{times}")] = curves
    return by_case


def write(results: Results, folder: Path) -> list[Path]:
    """Writes README.md, index.html and figures/*.svg under `folder`; returns their paths."""
    written = []
    for path, text in rendered(results, folder).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def rendered(results: Results, folder: Path) -> dict[Path, str]:
    """Path -> text of every file of the report."""
    files = {folder / "README.md": markdown(results), folder / "index.html": html(results)}
    files |= {folder / "figures" / f"{name}.svg": text for name, text in figures_of(results).items()}
    return files


def _context(results: Results) -> Mapping[str, Any]:
    matrices = [matrix for kind in summary.KINDS if (matrix := summary.matrix(results.rows, kind)).specs]
    counts, curves = summary.counts(results.rows), trainings(results)
    verdicts = [verdict for verdict in wording.MEANING if any(verdict in count for count in counts.values())]
    return {
        "results": results,
        "matrices": matrices,
        "counts": counts,
        "verdicts": verdicts,
        "total": sum(sum(count.values()) for count in counts.values()),
        "exceptions": summary.exceptions(results.rows),
        "curves": curves,
        "overview": summary.overview(curves),
        "speeds": speeds.workloads(results),
        "untimed": wording.UNTIMED,
        "speed_name": speed_name,
        "titles": KIND_TITLES,
        "meaning": wording.MEANING,
        "environment": results.environment,
    }


@cache
def environment(escape: bool) -> Environment:
    """Jinja for HTML (escape) or Markdown. It escapes every value that a template writes for that medium."""
    environment = Environment(
        loader=PackageLoader("parity.reporting", "templates"),
        autoescape=escape,  # noqa: S701 - in Markdown `finalize` escapes, as Markdown has it
        finalize=_in_html if escape else _in_markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "asked": wording.required_quality,
        "cell": wording.cell_text,
        "mark": wording.mark,
        "number": wording.number,
        "speed": wording.speed_text,
        "seen": wording.control_sentence,
        "share": wording.utilization,
        "mebibytes": lambda speed: wording.mebibytes(speeds.memory_bytes(speed)),
        "ms": wording.milliseconds,
        "words": lambda text: str(text).replace("_", " "),
        "line": lambda text: " ".join(str(text).split()),
        "code": lambda text: Markup(escaping.markdown_code(text)),  # noqa: S704
        "prose": lambda text: Markup(escaping.markdown_prose(text)),  # noqa: S704
    }
    return environment


def _in_html(value: Any) -> Any:
    return value if isinstance(value, Markup) else Markup(escaping.html(value))  # noqa: S704


def _in_markdown(value: Any) -> str:
    return str(value) if isinstance(value, Markup) else escaping.markdown(value)
