"""Owns what a release of a framework brought: the cases of one run that end otherwise in one release than in the one before.

It refuses to judge: every verdict comes from the reference, and none from the other release. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from parity.execution.frameworks import split_release
from parity.judgement.comparison import Comparison
from parity.judgement.verdicts import GREEN, PASSING, worst


@dataclass(frozen=True)
class CaseChange:
    """A case that ends otherwise in the later release. comparison: the one that shows it, of the release with the worse end."""

    case: str
    before: str
    after: str
    comparison: Comparison

    @property
    def brought(self) -> bool:
        """Whether the later release fails where the earlier one passes."""
        return self.before in PASSING and self.after not in (*PASSING, "not_compared")


@dataclass(frozen=True)
class ReleaseChange:
    """Two releases of one framework, by their versions: how many cases both ran, which changed their verdict, in how many
    others some number moved, and in how many every error is the same."""

    framework: str
    before: str
    after: str
    cases: int
    changed: tuple[CaseChange, ...]
    moved: int

    @property
    def same(self) -> int:
        return self.cases - len(self.changed) - self.moved


def changes(comparisons: Iterable[Comparison]) -> list[ReleaseChange]:
    """What each release brought against the release before it, for every framework that ran in several, oldest first."""
    columns: dict[str, dict[str, dict[str, list[Comparison]]]] = {}
    for comparison in comparisons:
        if comparison.framework_version:
            framework = columns.setdefault(split_release(comparison.framework)[0], {})
            framework.setdefault(comparison.framework_version, {}).setdefault(comparison.case, []).append(comparison)
    return [
        _change(framework, (earlier, releases[earlier]), (later, releases[later]))
        for framework, releases in columns.items()
        for earlier, later in pairwise(sorted(releases, key=order))
    ]


def order(version: str) -> tuple[tuple[int, ...], str]:
    """Where a version comes in time: by its numbers."""
    return tuple(int(number) for number in re.findall(r"[0-9]+", version.partition("+")[0])), version


def sentence(change: ReleaseChange) -> str:
    """`torch 2.12.1 → 2.13.0: 56 cases in both, 1 with another verdict, 12 with other numbers, 43 with the same errors`."""
    told = f"{len(change.changed)} with another verdict, {change.moved} with other numbers, {change.same} with the same errors"
    return f"{change.framework} {change.before} → {change.after}: {change.cases} cases in both, {told}"


def case_sentence(change: ReleaseChange, item: CaseChange) -> str:
    """`lenet/…: agrees → differs: 2.13.0 brought the difference`."""
    if "not_compared" in (item.before, item.after):
        told = f"{change.before if item.after == 'not_compared' else change.after} alone could be compared"
    elif item.brought:
        told = f"{change.after} brought the difference"
    elif item.after in PASSING and item.before not in PASSING:
        told = f"{change.after} no longer has the difference"
    else:
        told = f"{change.after} changed it"
    before, after = (verdict.replace("_", " ") for verdict in (item.before, item.after))
    return f"{item.case}: {before} → {after}: {told}"


Cases = Mapping[str, Sequence[Comparison]]


def _change(framework: str, earlier: tuple[str, Cases], later: tuple[str, Cases]) -> ReleaseChange:
    (before, first), (after, second) = earlier, later
    both = [case for case in first if case in second]
    changed = tuple(item for case in both if (item := _case(case, first[case], second[case])) is not None)
    others = set(both) - {item.case for item in changed}
    moved = sum(_errors(first[case]) != _errors(second[case]) for case in others)
    return ReleaseChange(framework, before, after, len(both), changed, moved)


def _case(case: str, first: Sequence[Comparison], second: Sequence[Comparison]) -> CaseChange | None:
    ends = [worst(comparison.verdict for comparison in column) for column in (first, second)]
    if ends[0] == ends[1] or all(end in GREEN for end in ends):
        return None
    guilty = worst(ends)
    shown = max((item for item in (*first, *second) if item.verdict == guilty), key=lambda item: _share(item.used))
    return CaseChange(case, ends[0], ends[1], shown)


def _share(used: float | None) -> float:
    return -1.0 if used is None else math.inf if math.isnan(used) else used


def _errors(comparisons: Sequence[Comparison]) -> dict[tuple[str, str], str]:
    return {(item.quantity, item.tensor): repr(item.error) for item in comparisons}
