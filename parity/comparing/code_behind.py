"""Owns the departures of code between layers behind the first departure. Their model runs again, and each of its layers hands
on our layer's numbers: whatever then takes other numbers than its counterpart departs by code of its own.

It refuses to look behind a departure that has no run of its own, and to name what has no tested cause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import departures, judging
from parity.comparing.call_trial import CallTrial
from parity.comparing.departures import Departure
from parity.comparing.pairing import Side
from parity.comparing.reruns import Reruns
from parity.execution.names import GIVEN, TAKEN, array_name, put_under

Array = npt.NDArray[Any]
Calls = Sequence[tuple[int, int]]
LINES = re.compile(r"\(([^() ]+:\d+)\)")
"""Files and lines that a cause names."""
LAST = 8
"""Greatest number of departures that are looked into."""


def between(departure: Departure, calls: Calls, tested: Callable[[Departure], Departure]) -> list[Departure]:
    """The departures of code behind the first, each with its causes. tested: looks for the causes of a departure."""
    about = departure.trial or departure.gap
    if about is None:
        return []
    begin = about.mine if isinstance(about, CallTrial) else about.place
    if departure.gap is not None and departure.gap.last:
        return []
    forced = _forced(about.ours, about.theirs, about.mode, about.means, calls)
    if forced is None:
        return []
    told, seen = list[Departure](), _lines(departure)
    for here in map(tested, _places(about.ours, *forced, about.mode, calls, begin)):
        lines = _lines(here)
        if here.causes and (not lines or lines - seen):
            told.append(here)
            seen |= lines
    return told


def _forced(ours: Side, theirs: Side, mode: str, means: Reruns, calls: Calls) -> tuple[Side, Reruns] | None:
    """Their model as it runs with our layers' outputs, and the means that go on so; None if it does not."""
    outputs = dict(_outputs(ours, theirs, mode, calls))
    again = means.forcing(theirs.structure.label, outputs)
    _, arrays = again.functions(theirs.structure.label, mode == "train", (0, 0), {})
    handed = [(arrays.get(array_name(GIVEN, place, 0)), output) for place, output in outputs.items()]
    if not outputs or any(array is None or not np.array_equal(array, output) for array, output in handed):
        return None  # another order of calls, or a framework that does not let its layers' outputs be replaced
    seen = {**theirs.seen, "float64": {**theirs.seen["float64"], **put_under(arrays, mode)}}
    return replace(theirs, seen=seen), again


def _outputs(ours: Side, theirs: Side, mode: str, calls: Calls) -> Iterator[tuple[int, Array]]:
    """The place of their call, and our call's output as its native array."""
    for mine, other in calls:
        output, native = ours.output(mode, mine), theirs.seen["float64"].get(array_name(mode, GIVEN, other, 0))
        if output is None or native is None or output.dtype.kind != "f" or output.ndim != native.ndim:
            continue
        array = theirs.structure.native(output, other, theirs.structure.given(other), gave=True)
        if array.shape == native.shape:
            yield other, np.ascontiguousarray(array.astype(native.dtype))


def _places(ours: Side, theirs: Side, means: Reruns, mode: str, calls: Calls, begin: int) -> Iterator[Departure]:
    """The calls that take other numbers than ours although every layer handed on the same ones (at most LAST), and outputs."""
    count = 0
    for mine, other in calls:
        if mine <= begin or count == LAST or not _taken_both(ours, theirs, mode, mine, other):
            continue
        output = ours.output(mode, mine)
        scale = float(np.max(np.abs(output), initial=0.0)) if output is not None else 0.0
        trial = CallTrial(ours, theirs, mine, other, mode, means, means.tolerance(mine + 1, scale), calls)
        if trial.crossed() is None or trial.inputs_agree():
            continue
        gap = trial.gap()
        if gap.mine.shape != gap.other.shape or judging.distance(gap.mine, gap.other) <= gap.limit(gap.mine):
            continue
        quantity = "activation" if mode == "eval" else "activation_training"
        titles = ours.structure.title(mine), theirs.structure.title(other)
        error = judging.distance(gap.mine, gap.other)
        yield Departure(quantity, titles[0], error, error, 0.0, between=True, trial=trial, gap=gap, match=titles[1])
        count += 1
    if last := departures.output(ours, theirs, calls, mode, means):
        yield last


def _taken_both(ours: Side, theirs: Side, mode: str, mine: int, other: int) -> bool:
    taken: Sequence[tuple[Mapping[str, Array], int]] = ((ours.seen["float64"], mine), (theirs.seen["float64"], other))
    return all(array_name(mode, TAKEN, place, 0) in seen for seen, place in taken)


def _lines(departure: Departure) -> set[str]:
    return {line for cause in departure.causes for line in LINES.findall(cause)}
