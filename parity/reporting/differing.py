"""Owns what is other in one set of results than in another: surroundings, verdicts, defaults, speed beyond noise. Pure.

It refuses to call a difference of two times a change unless their intervals lie apart, and both runs could have seen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parity.judgement import budgets
from parity.judgement.timing_statistics import Interval, median_interval
from parity.judgement.verdicts import PASSING, WORST_FIRST
from parity.reporting import speeds
from parity.reporting.atlas import AtlasRow

WORSE, BETTER, OTHER, GONE, NEW = "worse", "better", "other", "gone", "new"

VerdictKey = tuple[str, str, str]
"""Case, framework and quantity."""
SpeedKey = tuple[str, str, str, int, str]
"""Workload, framework, device, batch size and mode."""


@dataclass(frozen=True)
class RecordedSide:
    """One of two sets of results. surroundings: what stood there -> its version. verdicts: with the share of the budget."""

    name: str
    surroundings: Mapping[str, str] = field(default_factory=dict)
    verdicts: Mapping[VerdictKey, tuple[str, float | None]] = field(default_factory=dict)
    answers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    timed: Mapping[SpeedKey, ComparedTime] = field(default_factory=dict)


@dataclass(frozen=True)
class ComparedTime:
    """A cell's time a step in nanoseconds, or why it has none. floor: the smallest ratio that its run could tell from 1."""

    step: Interval | None
    floor: float | None
    why: str = ""


@dataclass(frozen=True)
class Difference:
    """One thing that is other. kind: surroundings, verdict, default or speed. how: worse, better, other, gone or new."""

    kind: str
    how: str
    name: str
    framework: str
    before: str
    after: str


def differences(first: RecordedSide, second: RecordedSide) -> list[Difference]:
    """What changed from the first to the second: what got worse before the rest, within each kind by name."""
    found = [*_surroundings(first, second), *_verdicts(first, second), *_defaults(first, second), *_speeds(first, second)]
    kinds, order = ("surroundings", "verdict", "default", "speed"), (WORSE, GONE, NEW, OTHER, BETTER)
    return sorted(found, key=lambda one: (kinds.index(one.kind), order.index(one.how), one.name, one.framework))


def common(first: RecordedSide, second: RecordedSide) -> dict[str, int]:
    """Kind -> how many things both sides hold, so that "nothing changed" tells of how many."""
    return {
        "verdict": len(first.verdicts.keys() & second.verdicts.keys()),
        "default": len(first.answers.keys() & second.answers.keys()),
        "speed": len(first.timed.keys() & second.timed.keys()),
    }


def verdicts_of(rows: Iterable[Any]) -> dict[VerdictKey, tuple[str, float | None]]:
    """The worst verdict of each case, framework and quantity, with the greatest share of its budget. rows: of a report, or the
    results of a document."""
    found: dict[VerdictKey, tuple[str, float | None]] = {}
    for row in rows:
        key = (row.case, row.framework, row.quantity)
        share = row.error / row.budget if row.error is not None and row.budget else None
        verdict, greatest = found.get(key, (row.verdict, None))
        worst = min(verdict, row.verdict, key=WORST_FIRST.index)
        found[key] = worst, max((one for one in (greatest, share) if one is not None), default=None)
    return found


def answers_of(rows: Iterable[AtlasRow]) -> dict[tuple[str, str], str]:
    """(question, framework) -> the answer that was measured."""
    return {(row.name, framework): answer.text for row in rows for framework, answer in row.answers.items() if answer.measured}


def timed_of(workloads: Mapping[speeds.Key, speeds.TimedWorkload]) -> dict[SpeedKey, ComparedTime]:
    """The time of each cell. A cell of fewer rounds than an interval needs has no time that can be compared."""
    found = {}
    for (spec, device, batch), workload in workloads.items():
        floor = workload.control.floor if workload.control else None
        for cell in workload.cells:
            samples = [] if cell.why else speeds.step_samples(cell.speed)
            few = len(samples) < budgets.LEAST_ROUNDS
            why = cell.why or (f"{len(samples)} quiet processes, {budgets.LEAST_ROUNDS} are needed" if few else "")
            key = (spec, cell.speed.framework, device, batch, cell.speed.mode)
            found[key] = ComparedTime(None if why else median_interval(samples), floor, why)
    return found


def _surroundings(first: RecordedSide, second: RecordedSide) -> list[Difference]:
    names = sorted(first.surroundings.keys() | second.surroundings.keys())
    pairs = [(name, first.surroundings.get(name, ""), second.surroundings.get(name, "")) for name in names]
    return [Difference("surroundings", _how(old, new), name, "", old, new) for name, old, new in pairs if old != new]


def _verdicts(first: RecordedSide, second: RecordedSide) -> list[Difference]:
    found = []
    for key in first.verdicts.keys() | second.verdicts.keys():
        case, framework, quantity = key
        old, new = first.verdicts.get(key), second.verdicts.get(key)
        if old is None or new is None:
            how = NEW if old is None else GONE
        elif old[0] == new[0]:
            continue
        else:
            how = _ranked(old[0], new[0])
        found.append(Difference("verdict", how, f"{case} {quantity}", framework, _told(old), _told(new)))
    return found


def _ranked(old: str, new: str) -> str:
    """Two that pass are no better and no worse: which bits a right computation has is no merit."""
    if old in PASSING and new in PASSING:
        return OTHER
    return WORSE if WORST_FIRST.index(new) < WORST_FIRST.index(old) else BETTER


def _told(verdict: tuple[str, float | None] | None) -> str:
    if verdict is None:
        return ""
    word, share = verdict
    return word if share is None else f"{word} ({share:.2g} of the budget)"


def _defaults(first: RecordedSide, second: RecordedSide) -> list[Difference]:
    """Only questions and frameworks that both sides asked: another question is no other default."""
    return [
        Difference("default", OTHER, question, framework, first.answers[question, framework], answer)
        for (question, framework), answer in second.answers.items()
        if first.answers.get((question, framework), answer) != answer
    ]


def _speeds(first: RecordedSide, second: RecordedSide) -> list[Difference]:
    found = []
    for key in first.timed.keys() & second.timed.keys():
        old, new = first.timed[key], second.timed[key]
        spec, framework, device, batch, mode = key
        name = f"{spec}, batch {batch}, {device}, {mode}"
        if old.step is None or new.step is None:
            if (old.step is None) != (new.step is None):
                how = GONE if new.step is None else NEW
                found.append(Difference("speed", how, name, framework, old.why or _ms(old), new.why or _ms(new)))
        elif (ratio := apart(old, new)) is not None:
            told = f"{_ms(new)}, {ratio.value:.3g} times ({ratio.low:.3g} to {ratio.high:.3g})"
            found.append(Difference("speed", WORSE if ratio.value > 1 else BETTER, name, framework, _ms(old), told))
    return found


def apart(old: ComparedTime, new: ComparedTime) -> Interval | None:
    """How many times as long the new one takes, with the bounds that both intervals leave; None if that is within noise.

    The two runs had no rounds in common, so that nothing cancels: the intervals must lie apart, and the ratio beyond what
    either run saw between a cell and itself."""
    if old.step is None or new.step is None:
        return None
    ratio = Interval(new.step.value / old.step.value, new.step.low / old.step.high, new.step.high / old.step.low)
    floor = max(old.floor or 1.0, new.floor or 1.0)
    if ratio.low <= 1.0 <= ratio.high or 1 / floor <= ratio.value <= floor:
        return None
    return ratio


def _ms(cell: ComparedTime) -> str:
    return f"{cell.step.value / 1e6:.3g} ms" if cell.step else ""


def _how(old: str, new: str) -> str:
    return NEW if not old else GONE if not new else OTHER


def surroundings_of(environment: Mapping[str, Any], made: str) -> dict[str, str]:
    """Everything of a manifest's environment that could move a number -> its value."""
    found = {f"machine: {key}": str(value) for key, value in environment.get("machine", {}).items()}
    for name, told in environment.get("frameworks", {}).items():
        found |= {f"{name}: {package}": version for package, version in told.get("versions", {}).items()}
        found |= {f"{name}: setting {setting}": value for setting, value in told.get("settings", {}).items()}
    return found | ({"day": made} if made else {})


def counts(found: Sequence[Difference]) -> dict[str, dict[str, int]]:
    """Kind -> how -> number."""
    told: dict[str, dict[str, int]] = {}
    for one in found:
        told.setdefault(one.kind, {}).setdefault(one.how, 0)
        told[one.kind][one.how] += 1
    return told
