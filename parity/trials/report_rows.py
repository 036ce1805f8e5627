"""Owns the step from judged trials to the rows of a report, and how a file of results takes its place.

It refuses to judge: verdicts come with the comparisons.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path

from parity.execution import outcomes
from parity.execution.frameworks import trains
from parity.judgement.comparison import Comparison
from parity.judgement.verdicts import worst
from parity.reporting.results import Row
from parity.trials import options
from parity.trials.session import JudgedTrial


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


def _finite(value: float | None) -> float | None:
    return float(f"{value:.4g}") if value is not None and isfinite(value) else None


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


def replace(path: Path, text: str) -> None:
    """Replaces a file as a whole. A link, or something that is no file (/dev/stdout, a
    pipe), is written to and stays what it is."""
    if _stays(path):
        path.write_text(text, encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
