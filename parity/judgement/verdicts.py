"""Owns the order of verdicts, the verdict of a case, and the exit status. It refuses to look at numbers."""

from __future__ import annotations

from collections.abc import Iterable

WORST_FIRST = (
    "differs",
    "nonfinite",
    "nondeterministic",
    "mistrusted",
    "reduced_precision",
    "not_compared",
    "documented_difference",
    "unsupported",
    "agrees",
    "exact",
)
"""The verdict of a case is the first of these that any of its comparisons has. `unsupported`
is an outcome that serves as a verdict."""

GREEN = frozenset({"exact", "agrees"})
PASSING = GREEN | {"documented_difference", "unsupported"}
INCOMPLETE = frozenset({"not_compared"})

OUTCOMES = ("ran", "unsupported", "unavailable", "crashed", "out_of_memory", "timed_out")

UNTIMED = ("no_quiet_samples", "above_peak", "interrupted", *(outcome for outcome in OUTCOMES if outcome != "ran"))
"""Why a cell of a timing has no number, beside the verdicts of its check: other programs disturbed all blocks of all processes,
the rate exceeds what the machine can compute, the user ended the run before, or its process did not run."""


def worst(verdicts: Iterable[str]) -> str:
    """The worst of these verdicts; `not_compared` if there are none."""
    return min(verdicts, key=WORST_FIRST.index, default="not_compared")


def of_outcome(outcome: str) -> str:
    """The verdict of a case that did not run."""
    return "unsupported" if outcome == "unsupported" else "not_compared"


def exit_status(verdicts: Iterable[str]) -> int:
    """0 if all agree, 1 for a difference, 3 if incomplete, 5 if there are no verdicts; 1 beats 3. An
    unknown verdict is a bug, hence KeyError."""
    statuses = {_STATUS[verdict] for verdict in verdicts}
    if not statuses:
        return 5
    return 1 if 1 in statuses else max(statuses)


_STATUS = {verdict: 0 if verdict in PASSING else 3 if verdict in INCOMPLETE else 1 for verdict in WORST_FIRST}
