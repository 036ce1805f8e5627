"""Owns the step from judged trials to output: rows, curves, and the JSON and JUnit files of the contract.

It refuses to judge: verdicts come with the comparisons.
"""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from parity import escaping
from parity.execution import outcomes
from parity.execution.frameworks import trains
from parity.judgement.comparison import Comparison
from parity.judgement.verdicts import worst
from parity.reporting.results import Row, Speed
from parity.trials import options
from parity.trials.session import JudgedTrial

SCHEMA_VERSION = 1


def rows(judged: Iterable[JudgedTrial]) -> list[Row]:
    """One row per case, framework and quantity: the worst comparison; among equals, the one
    with the greatest share of its budget."""
    made = []
    for judged_trial in judged:
        groups: dict[str, list[Comparison]] = {}
        for comparison in judged_trial.comparisons:
            groups.setdefault(comparison.quantity, []).append(comparison)
        made += [_row(judged_trial, quantity, group) for quantity, group in groups.items()]
    return made


def case_verdicts(judged: Iterable[JudgedTrial]) -> Counter[str]:
    """Verdict -> how many pairs of case and framework have it. The counts add up to the number of judged trials."""
    return Counter(judged_trial.verdict for judged_trial in judged)


def forward_only(judged: Iterable[JudgedTrial]) -> list[str]:
    """The frameworks that do not train among these trials: their verdicts hold for evaluation mode alone."""
    return sorted({judged_trial.framework for judged_trial in judged if not trains(judged_trial.framework)})


def write_json(path: Path, judged: Sequence[JudgedTrial]) -> None:
    """The contract's JSON: every comparison, and a summary whose counts add up to cases × frameworks."""
    results = [_result(comparison) for judged_trial in judged for comparison in judged_trial.comparisons]
    summary: dict[str, Any] = {
        "cases": len({judged_trial.trial.case.id for judged_trial in judged}),
        "frameworks": sorted({judged_trial.framework for judged_trial in judged}),
        "case_verdicts": dict(sorted(case_verdicts(judged).items())),
        "comparisons": len(results),
        "forward_only": forward_only(judged),
        "redraws": sum({judged_trial.trial.case.id: judged_trial.trial.redraws for judged_trial in judged}.values()),
    }
    document = {"schema_version": SCHEMA_VERSION, "results": results, "summary": summary}
    _replace(path, json.dumps(document, indent=1, allow_nan=False) + "\n")


def write_junit(path: Path, judged: Sequence[JudgedTrial], green: Iterable[str]) -> None:
    """One test case per case and framework. A verdict that is neither green nor `unsupported` is
    a failure with its worst comparisons."""
    suite = ElementTree.Element("testsuite", name="parity", tests=str(len(judged)))
    for framework in forward_only(judged):
        properties = ElementTree.SubElement(suite, "properties")
        ElementTree.SubElement(properties, "property", name="forward only", value=escaping.junit(framework))
    fine = set(green)
    failures = 0
    for judged_trial in judged:
        item = ElementTree.SubElement(
            suite, "testcase", classname=escaping.junit(judged_trial.framework), name=escaping.junit(judged_trial.trial.case.id)
        )
        if judged_trial.verdict == "unsupported":
            ElementTree.SubElement(item, "skipped", message=escaping.junit(judged_trial.record.reason))
        elif judged_trial.verdict not in fine:
            failures += 1
            bad = [comparison for comparison in judged_trial.comparisons if comparison.verdict == judged_trial.verdict]
            failure = ElementTree.SubElement(item, "failure", message=judged_trial.verdict)
            failure.text = escaping.junit("\n".join(sentence(comparison) for comparison in bad[:10]))
    suite.set("failures", str(failures))
    _replace(path, ElementTree.tostring(suite, encoding="unicode") + "\n")


def sentence(comparison: Comparison) -> str:
    """The comparison in words: `gradient conv1.kernel: error 3.1e-05, budget 2.0e-06 at (0, 3): differs`."""
    numbers = ""
    if comparison.error is not None and comparison.budget is not None:
        numbers = f": error {comparison.error:.2g}, budget {comparison.budget:.2g}"
    place = f" at {comparison.where}" if comparison.where else ""
    reason = f" ({outcomes.headline(comparison.reason)})" if comparison.reason else ""
    return f"{comparison.quantity} {comparison.tensor}{numbers}{place}: {comparison.verdict}{reason}"


def share(comparison: Comparison) -> float:
    """The share of its budget that an error used; 0 if nothing was measured."""
    if comparison.error is None or not comparison.budget:
        return 0.0
    return comparison.error / comparison.budget


def _row(judged_trial: JudgedTrial, quantity: str, group: Sequence[Comparison]) -> Row:
    verdict = worst([comparison.verdict for comparison in group])
    top = max((comparison for comparison in group if comparison.verdict == verdict), key=share)
    case, record = judged_trial.trial.case, judged_trial.record
    return Row(
        case=case.id,
        spec=case.spec,
        kind=judged_trial.trial.kind,
        framework=judged_trial.framework,
        framework_version=record.framework_version,
        device=case.device,
        dtype=case.dtype,
        mode=record.mode,
        quantity=quantity,
        compared=len(group),
        tensor=top.tensor,
        error=_finite(top.error),
        budget=_finite(top.budget),
        verdict=verdict,
        outcome=record.outcome,
        reason=top.reason,
        record=record.key[:16],
    )


def _result(comparison: Comparison) -> Mapping[str, Any]:
    keys = ("case", "framework", "framework_version", "device", "dtype", "quantity", "tensor", "verdict", "outcome", "reason")
    values = {key: getattr(comparison, key) for key in keys}
    return {**values, "error": _number(comparison.error), "budget": _number(comparison.budget)}


def _finite(value: float | None) -> float | None:
    return float(f"{value:.4g}") if value is not None and isfinite(value) else None


def _number(value: float | None) -> float | str | None:
    """The number for JSON; numbers that are not finite become strings."""
    return value if value is None or isfinite(value) else {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")


def reach(*paths: Path | None) -> None:
    """Checks before hours of work that results can be written afterwards; raises OSError if not."""
    for path in paths:
        if path is None:
            continue
        if not path.parent.is_dir():
            options.place(path.parent)
        if not os.access(path if _stays(path) and path.exists() else path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _stays(path: Path) -> bool:
    return path.is_symlink() or (path.exists() and not path.is_file())


def _replace(path: Path, text: str) -> None:
    """Replaces a file as a whole. A link, or something that is no file (/dev/stdout, a
    pipe), is written to and stays what it is."""
    if _stays(path):
        path.write_text(text, encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def write_speed_json(path: Path, speeds: Sequence[Speed]) -> None:
    """Writes the raw samples of a bench."""
    document = {"schema_version": SCHEMA_VERSION, "results": [asdict(speed) for speed in speeds]}
    _replace(path, json.dumps(document, indent=1, allow_nan=False) + "\n")
