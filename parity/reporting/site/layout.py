"""Owns what every page shares: the templates' words and numbers, links, the policy of what a page may load, and its origins.

It refuses to decide what a page says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from parity.reporting import evidence, pages, wording
from parity.reporting.atlas import DefaultGap, size
from parity.reporting.evidence import AgreementLine
from parity.reporting.results import Row, Speed
from parity.reporting.site_material import SiteMaterial
from parity.reporting.summary import used

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""Own files alone: no inline script or style, no font, no frame, no request, no form that is sent."""

NAVIGATION = (
    ("Start", "index.html"),
    ("Which to pick", "pick.html"),
    ("Atlas", "atlas.html"),
    ("Architectures", "architectures/index.html"),
    ("Optimizers", "optimizers/index.html"),
    ("Initializers", "initializers/index.html"),
    ("Schedules", "schedules/index.html"),
    ("Frameworks", "frameworks/index.html"),
    ("Methods", "methods.html"),
    ("Environments", "environments.html"),
    ("Upstream", "upstream.html"),
)
KIND_MARK = {"silent_large": "▲", "silent_small": "△", "visible": "■", "cosmetic": "○", "not_measured": "?"}
"""A shape for each kind of consequence, beside its colour and its words."""

ARXIV = re.compile(r"(arXiv:? ?(\d{4}\.\d{4,5}))")


@dataclass(frozen=True)
class Origin:
    """Records that a page may be made of. anchor: in the page of environments. told: of what they are."""

    name: str
    anchor: str
    command: str
    versions: str
    made: str
    machine: Mapping[str, str]
    frameworks: Mapping[str, Any]
    told: str


def origins(material: SiteMaterial) -> list[Origin]:
    """The suites and the atlas."""
    lines = []
    for suite in material.suites:
        environment = suite.results.environment
        frameworks: Mapping[str, Any] = environment.get("frameworks", {})
        versions = ", ".join(f"{name} {description['version']}" for name, description in sorted(frameworks.items()))
        machine: Mapping[str, str] = environment.get("machine", {})
        with_ = str(machine.get("harness", "")).split(",")[0]
        name = "reports" if suite.folder == "." else f"reports/{suite.folder}"
        trained, timed = len(suite.results.curves), len(suite.results.speeds)
        counts = f"{len(suite.results.rows):,} comparisons, {trained} training runs, {timed} timed cells."
        versions = f"{with_ + ', ' if with_ else ''}{versions}"
        anchor = "quick" if suite.folder == "." else pages.file_name(suite.folder)
        lines.append(Origin(name, anchor, suite.results.command, versions, suite.results.made, machine, frameworks, counts))
    if material.atlas:
        versions = ", ".join(f"{name} {version}" for name, version in material.atlas_versions.items())
        counts = f"{len(material.atlas)} questions, {len(material.gaps)} native objects."
        lines.append(Origin("the atlas", "atlas", "parity atlas -o reports", versions, material.atlas_made, {}, {}, counts))
    return lines


@cache
def environment() -> Environment:
    """The templates' environment, with the site's words. Every value passes the escaping of HTML, as in every report."""
    made = pages.environment(True).overlay()
    made.filters = {
        **made.filters,
        "cores": _cores,
        "count": count,
        "file": pages.file_name,
        "gap_size": _gap_size,
        "join_words": join_words,
        "line_anchor": line_anchor,
        "linked": lambda text: list(linked(str(text))),
        "memory": _memory,
        "our_markup": Markup,
        "quantities_of": quantities_of,
        "share": wording.share,
        "used_share": used_share,
    }
    return made


def join_words(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = words or ("nothing",)
    return f"{', '.join(most)} and {last}" if most else last


def line_anchor(line: AgreementLine) -> str:
    """The place of a line in its page."""
    return pages.file_name("-".join((line.framework, line.dtype, line.size, "alone" if line.alone else "whole", line.folder)))


def quantities_of(lines: Sequence[AgreementLine]) -> list[str]:
    names = dict.fromkeys(name for line in lines for name in line.quantities)
    names_known = [name for name in evidence.QUANTITIES if name in names]
    return [*names_known, *sorted(set(names) - set(names_known))]


def used_share(row: Row) -> str:
    """A cell: the share of the budget, or the verdict's mark where nothing was measured."""
    if row.verdict == "exact":
        return "0"
    value = used(row)
    if value is None:
        return f"{wording.mark(row.verdict)} {wording.SHORT.get(row.verdict, row.verdict).replace('_', ' ')}"
    mark = "" if row.verdict == "agrees" else f"{wording.mark(row.verdict)} "
    return f"{mark}{wording.number(value)}"


def count(value: int) -> str:
    """A large number as one reads it: `61,706`, `8.24 G`."""
    for whole, letter in ((10**12, "T"), (10**9, "G"), (10**6, "M")):
        if value >= whole:
            return f"{value / whole:.3g} {letter}"
    return f"{value:,}"


def linked(text: str) -> Iterator[tuple[str, str]]:
    """Pieces of a source, arXiv's numbers with their address."""
    parts = ARXIV.split(text)
    for place in range(0, len(parts), 3):
        if parts[place]:
            yield parts[place], ""
        if place + 2 < len(parts):
            yield parts[place + 1], f"https://arxiv.org/abs/{parts[place + 2]}"


def _gap_size(value: float | None) -> str:
    return "none: a draw" if value is None else size(value)


def _cores(speed: Speed) -> str:
    return wording.number(evidence.cores(speed), 2)


def _memory(speed: Speed) -> str:
    value = evidence.memory(speed)
    return "–" if value is None else f"{value:.0f}"


def gaps_by_definition(material: SiteMaterial) -> dict[str, list[DefaultGap]]:
    """Spec -> the native objects that are held against it."""
    gaps: dict[str, list[DefaultGap]] = {}
    for gap in material.gaps:
        gaps.setdefault(gap.definition, []).append(gap)
    return gaps
