"""Owns the step from judged to the rows of a report, and how a file of results takes its place.

It refuses to judge: verdicts come with the comparisons.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path

from parity.execution import endings
from parity.execution.frameworks import trains
from parity.judgement.comparison import Comparison
from parity.judgement.verdicts import worst
from parity.reporting.results import Row
from parity.trials import options
from parity.trials.session import Judged


def rows(judged: Iterable[Judged]) -> list[Row]:
    """One row a case, framework and quantity: the worst comparison, with the greatest share of its budget."""
    made = []
    for one in judged:
        groups: dict[str, list[Comparison]] = {}
        for comparison in one.comparisons:
            groups.setdefault(comparison.quantity, []).append(comparison)
        made += [_row(one, quantity, group) for quantity, group in groups.items()]
    return made


def case_verdicts(judged: Iterable[Judged]) -> Counter[str]:
    """How many cases × frameworks have which verdict: the counts add up to the number of judged."""
    return Counter(one.verdict for one in judged)


def forward_only(judged: Iterable[Judged]) -> list[str]:
    """The frameworks among them that do not train: their verdicts speak of evaluation mode alone."""
    return sorted({one.framework for one in judged if not trains(one.framework)})


def sentence(comparison: Comparison) -> str:
    """`gradient conv1.kernel: error 3.1e-05, budget 2.0e-06 at (0, 3): differs`."""
    numbers = ""
    if comparison.error is not None and comparison.budget is not None:
        numbers = f": error {comparison.error:.2g}, budget {comparison.budget:.2g}"
    place = f" at {comparison.where}" if comparison.where else ""
    reason = f" ({endings.headline(comparison.reason)})" if comparison.reason else ""
    return f"{comparison.quantity} {comparison.tensor}{numbers}{place}: {comparison.verdict}{reason}"


def share(comparison: Comparison) -> float:
    """How much of its budget an error used up; 0 where nothing was measured."""
    if comparison.error is None or not comparison.budget:
        return 0.0
    return comparison.error / comparison.budget


def _row(one: Judged, quantity: str, group: Sequence[Comparison]) -> Row:
    verdict = worst([comparison.verdict for comparison in group])
    top = max((comparison for comparison in group if comparison.verdict == verdict), key=share)
    case, record = one.trial.case, one.record
    return Row(
        case=case.id,
        spec=case.spec,
        kind=one.trial.kind,
        framework=one.framework,
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
    """Before hours of work: raises OSError where results cannot be written afterwards."""
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
    """A file is replaced whole; a link and what is no file (/dev/stdout, a pipe) are written to and stay what they are."""
    if _stays(path):
        path.write_text(text, encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
