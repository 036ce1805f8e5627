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

from parity.comparing import departures, judged_tensors
from parity.comparing.call_pair import CallTrial, Gap
from parity.comparing.departures import Departure
from parity.comparing.rerun_interface import Reruns
from parity.comparing.tensor_pairs import Side
from parity.execution.names import FUNCTION, GIVEN, TAKEN, array_name, put_under

Array = npt.NDArray[Any]
Calls = Sequence[tuple[int, int]]
LINES = re.compile(r"\(([^() ]+:\d+)\)")
"""Files and lines that a cause names."""
LAST = 8
"""Greatest number of departures that are looked into."""


def between(departure: Departure, calls: Calls, tested: Callable[[Departure], Departure]) -> list[Departure]:
    """The departures of code behind the first, each with its causes; before the next is looked for, the numbers of the last one
    are made equal too. tested: looks for the causes of a departure."""
    about = departure.trial or departure.gap
    if about is None or (departure.gap is not None and departure.gap.last):
        return []
    begin = about.mine if isinstance(about, CallTrial) else about.place
    outputs = dict(_outputs(about.ours, about.theirs, about.mode, calls))
    told, seen, equal = list[Departure](), _lines(departure), dict[int, Array]()
    here: Departure | None = departure
    for _ in range(LAST):
        if here is not None and here.gap is not None:
            made = _made_equal(here.gap, calls)
            if made is None:
                return told
            equal |= made
        forced = _forced(
            about.ours, about.theirs, about.mode, about.means.forcing(_label(about.theirs), outputs, equal), outputs
        )
        here = next(_places(about.ours, *forced, about.mode, calls, begin), None) if forced is not None else None
        if here is None:
            return told
        here = tested(here)
        lines = _lines(here)
        if here.causes and (not lines or lines - seen):
            told.append(here)
            seen |= lines
        if here.gap is None or here.gap.last:
            return told
        begin = here.gap.place
    return told


def _label(side: Side) -> str:
    return side.structure.label


def _made_equal(gap: Gap, calls: Calls) -> dict[int, Array] | None:
    """The function of theirs that gave the departing numbers, and our numbers in its place; None if no function gave them."""
    other = next((other for mine, other in calls if mine == gap.place), None)
    if other is None:
        return None
    told, arrays = gap.means.functions(_label(gap.theirs), gap.mode == "train", (0, other), {})
    taken = arrays.get(array_name(TAKEN, other, 0))
    for entry in told:
        gave = arrays.get(array_name(FUNCTION, entry["number"], GIVEN, 0))
        if taken is not None and gave is not None and gave.shape == taken.shape and gave.tobytes() == taken.tobytes():
            native = gap.theirs.structure.native(gap.mine, other, gap.theirs.structure.taken(other))
            return {entry["number"]: native.astype(gave.dtype)} if native.shape == gave.shape else None
    return None


def _forced(ours: Side, theirs: Side, mode: str, means: Reruns, outputs: Mapping[int, Array]) -> tuple[Side, Reruns] | None:
    """Their model as it runs with our layers' outputs, and the means that go on so; None if it does not."""
    _, arrays = means.functions(_label(theirs), mode == "train", (0, 0), {})
    handed = [(arrays.get(array_name(GIVEN, place, 0)), output) for place, output in outputs.items()]
    if not outputs or any(array is None or not np.array_equal(array, output) for array, output in handed):
        return None  # another order of calls, or a framework that does not let its layers' outputs be replaced
    seen = {**theirs.seen, "float64": {**theirs.seen["float64"], **put_under(arrays, mode)}}
    return replace(theirs, seen=seen), means


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
    """The calls that take other numbers than ours although every layer handed on the same ones, and the outputs."""
    for mine, other in calls:
        if mine <= begin or not _taken_both(ours, theirs, mode, mine, other):
            continue
        output = ours.output(mode, mine)
        scale = float(np.max(np.abs(output), initial=0.0)) if output is not None else 0.0
        trial = CallTrial(ours, theirs, mine, other, mode, means, means.tolerance(mine + 1, scale), calls)
        if trial.crossed() is None or trial.inputs_agree():
            continue
        gap = trial.gap()
        if gap.mine.shape != gap.other.shape or judged_tensors.distance(gap.mine, gap.other) <= gap.limit(gap.mine):
            continue
        quantity = "activation" if mode == "eval" else "activation_training"
        titles = ours.structure.title(mine), theirs.structure.title(other)
        error = judged_tensors.distance(gap.mine, gap.other)
        yield Departure(quantity, titles[0], error, error, 0.0, between=True, trial=trial, gap=gap, match=titles[1])
    if last := departures.output(ours, theirs, calls, mode, means):
        yield last


def _taken_both(ours: Side, theirs: Side, mode: str, mine: int, other: int) -> bool:
    taken: Sequence[tuple[Mapping[str, Array], int]] = ((ours.seen["float64"], mine), (theirs.seen["float64"], other))
    return all(array_name(mode, TAKEN, place, 0) in seen for seen, place in taken)


def _lines(departure: Departure) -> set[str]:
    return {line for cause in departure.causes for line in LINES.findall(cause)}
