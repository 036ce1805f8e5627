"""Owns the first departure: which layer it is, what it inherited and what it added, told apart by running it alone.

It refuses to name a cause; causes.py tests them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judging
from parity.comparing.layouts import Placement
from parity.comparing.mapping import Map
from parity.comparing.pairing import Side, aligned, alike
from parity.comparing.structures import Structure

Array = npt.NDArray[Any]
Rerun = Callable[[str, Mapping[str, Any], Mapping[str, Array]], Mapping[str, Array]]
"""(label, change, arrays) -> arrays: a call of that model again, alone (parity.execution.leaves.Foreign.rerun)."""


@dataclass(frozen=True)
class Means:
    """What can be asked of the two processes. inverted: (label, place) -> a whole forward pass with that input inverted;
    kinds: label -> NumPy's kind of each input."""

    rerun: Rerun
    inverted: Callable[[str, int], Mapping[str, Array]]
    kinds: Callable[[str], Sequence[str]]


NOTHING: Mapping[str, Any] = {"settings": {}}


@dataclass(frozen=True)
class Trial:
    """A call in both models, and the means to run it again. limit: what rounding explains of its output; calls: all pairs."""

    ours: Side
    theirs: Side
    mine: int
    other: int
    mode: str
    means: Means
    limit: float
    calls: Sequence[tuple[int, int]]

    def turned(self) -> Trial:
        """The other model's point of view."""
        calls = [(other, mine) for mine, other in self.calls]
        return Trial(self.theirs, self.ours, self.other, self.mine, self.mode, self.means, self.limit, calls)

    def title(self) -> str:
        """Our call, with the model's label."""
        return f"{self.ours.structure.label} {self.ours.structure.title(self.mine)}"

    def settings(self) -> Mapping[str, Any]:
        """What our layer says of itself."""
        return self.ours.structure.leaf(self.ours.structure.calls[self.mine].leaf).settings

    def placements(self, found: Map) -> dict[str, Placement]:
        """Where the weights of their layer lie."""
        label = self.theirs.structure.label
        match = found.of(label, self.theirs.structure.calls[self.other].leaf)
        return {role: one[label] for role, one in match.weights.items() if label in one} if match else {}

    def before(self) -> list[tuple[int, int]]:
        """The pairs of calls before this one."""
        return [pair for pair in self.calls if pair[0] < self.mine and pair[1] < self.other]

    def alone(self, arrays: Mapping[str, Array] | None = None, **change: Any) -> Array | None:
        """What their call gives for our inputs, neutral and as our output stands; None where they do not fit."""
        crossed = self.crossed()
        return None if crossed is None else self.ran({**crossed, **(arrays or {})}, **change)

    def ran(self, arrays: Mapping[str, Array], **change: Any) -> Array | None:
        """Their call with these native arrays in the place of what it took."""
        question = {**NOTHING, **change, "call": self.other, "training": self.mode == "train"}
        structure = self.theirs.structure
        array = self.means.rerun(structure.label, question, arrays).get("out/0")
        ours = self.ours.output(self.mode, self.mine)
        if array is None or ours is None:
            return None
        both = alike(ours, structure.neutral(array, self.other, structure.given(self.other)), recurrent=True)
        return None if both is None else both[1]

    def crossed(self) -> dict[str, Array] | None:
        """Our float inputs for their call. Masks and integers stay theirs: they are how the layer is asked, not what flows."""
        mine, other = self.ours.inputs(self.mode, self.mine), self.theirs.inputs(self.mode, self.other)
        flowing = [place for place, array in enumerate(mine) if flows(array)]
        slots = [place for place, array in enumerate(other) if flows(array)]
        if len(flowing) != len(slots) and len({id_of(mine[place]) for place in flowing}) > 1:
            return None
        found = {}
        for number, slot in enumerate(slots):
            array = carried(self.ours.structure, self.theirs.structure, mine[flowing[min(number, len(flowing) - 1)]], self)
            if array.shape != other[slot].shape:
                if array.size != other[slot].size:
                    return None
                array = array.reshape(other[slot].shape)
            found[f"in/{slot}"] = array
        return found

    def misses(self, got: Array | None) -> float:
        """How far a result of theirs lies from our output; infinite where there is none."""
        ours = self.ours.output(self.mode, self.mine)
        if got is None or ours is None:
            return float("inf")
        both = alike(ours, got, recurrent=True)
        return float("inf") if both is None else judging.distance(*both)


@dataclass(frozen=True)
class Departure:
    """Where two models part first. quantity: as in Pair; inherited, added: the two parts of its output's error (None where
    it could not run alone); between: not the layer itself, but what the model does before it."""

    quantity: str
    title: str
    error: float
    inherited: float | None = None
    added: float | None = None
    between: bool = False
    trial: Trial | None = None
    match: str = ""
    causes: tuple[str, ...] = field(default=())


def first(ours: Side, theirs: Side, calls: Sequence[tuple[int, int]], mode: str, means: Means) -> Departure | None:
    """The first call whose output departs in this mode; what of it is its own shows when it runs on the other's input."""
    for mine, other in calls:
        both = aligned(ours, theirs, mode, mine, other, "float64")
        if both is None:
            continue
        scale = max(float(np.max(np.abs(one), initial=0.0)) for one in both)
        error, limit = judging.distance(*both), judging.tolerance(mine + 1, scale, 0.0)
        if error <= limit:
            continue
        trial = Trial(ours, theirs, mine, other, mode, means, limit, calls)
        alone = trial.alone()
        quantity = "activation" if mode == "eval" else "activation_training"
        title = ours.structure.title(mine)
        match = theirs.structure.title(other)
        if alone is None:
            return Departure(quantity, title, error, trial=trial, match=match)
        fitting = alike(both[0], alone, recurrent=True)
        added = judging.distance(*fitting) if fitting else float("inf")
        theirs_out = theirs.output(mode, other)
        fitting = None if theirs_out is None else alike(theirs_out, alone, recurrent=True)
        inherited = judging.distance(*fitting) if fitting else float("inf")
        return Departure(quantity, title, error, inherited, added, added <= limit, trial, match)
    return None


def flows(array: Array) -> bool:
    """Whether an input is a value that layers hand on, and no mask: floats, finite, and not zeros and ones alone."""
    return array.dtype.kind == "f" and bool(np.isfinite(array).all()) and not bool(np.isin(array, (0.0, 1.0)).all())


def id_of(array: Array) -> bytes:
    return array.tobytes()


def carried(source: Structure, target: Structure, array: Array, trial: Trial) -> Array:
    """A native input of one model as the other model's native input."""
    neutral = source.neutral(array, trial.mine, source.taken(trial.mine))
    return target.native(neutral, trial.other, target.taken(trial.other))
