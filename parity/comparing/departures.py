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
from parity.comparing.mapping import LayerMap
from parity.comparing.pairing import Side, aligned, alike
from parity.comparing.reruns import NOTHING, Reruns
from parity.comparing.structures import Structure
from parity.execution.names import GIVEN, OUTPUT, TAKEN, array_name, last_part

Array = npt.NDArray[Any]
SIZED = {"conv1d", "conv2d", "conv3d", "conv_transpose2d", "max_pool", "average_pool"}
"""Kinds whose settings decide how much they give."""


@dataclass(frozen=True)
class CallTrial:
    """A call in both models, and the means to run it again. limit: what rounding explains of its output; calls: all pairs."""

    ours: Side
    theirs: Side
    mine: int
    other: int
    mode: str
    means: Reruns
    limit: float
    calls: Sequence[tuple[int, int]]

    def turned(self) -> CallTrial:
        """The other model's point of view."""
        calls = [(other, mine) for mine, other in self.calls]
        return CallTrial(self.theirs, self.ours, self.other, self.mine, self.mode, self.means, self.limit, calls)

    def title(self) -> str:
        """Our call, with the model's label."""
        return f"{self.ours.structure.label} {self.ours.structure.title(self.mine)}"

    def settings(self) -> Mapping[str, Any]:
        """What our layer says of itself."""
        return self.ours.structure.leaf(self.ours.structure.calls[self.mine].leaf).settings

    @property
    def both(self) -> bool:
        """Whether the two run over time in both directions."""
        return all(one.settings().get("bidirectional") for one in (self, self.turned()))

    def composite(self) -> bool:
        """Whether one model's call computes more than the other's, so that neither stands for the other alone."""
        parts = [len(one.ours.structure.parts(one.ours.structure.calls[one.mine].leaf)) for one in (self, self.turned())]
        return parts[0] != parts[1]

    def placements(self, found: LayerMap) -> dict[str, Placement]:
        """Where the weights of their layer lie."""
        label = self.theirs.structure.label
        name, structure = self.theirs.structure.calls[self.other].leaf, self.theirs.structure
        placed: dict[str, Placement] = {}
        for prefix, leaf in [("", name), *((f"{part.name}/", part.name) for part in structure.parts(name))]:
            match = found.of(label, leaf)
            placed |= {f"{prefix}{role}": one[label] for role, one in match.weights.items() if label in one} if match else {}
        return placed

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
        array = self.means.rerun(structure.label, question, arrays).get(array_name(GIVEN, 0))
        ours = self.ours.output(self.mode, self.mine)
        if array is None or ours is None:
            return None
        both = alike(
            ours, structure.neutral(array, self.other, structure.given(self.other), gave=True), recurrent=True, both=self.both
        )
        return None if both is None else both[1]

    def crossed(self) -> dict[str, Array] | None:
        """Our float inputs for their call. Masks and integers stay theirs: they are how the layer is asked, not what flows."""
        mine, other = self.ours.inputs(self.mode, self.mine), self.theirs.inputs(self.mode, self.other)
        flowing = [place for place, array in enumerate(mine) if flows(array)]
        slots = [place for place, array in enumerate(other) if flows(array)]
        if len(flowing) != len(slots) and len({mine[place].tobytes() for place in flowing}) > 1:
            return None
        found = {}
        for number, slot in enumerate(slots):
            array = carried(self.ours.structure, self.theirs.structure, mine[flowing[min(number, len(flowing) - 1)]], self)
            if array.shape != other[slot].shape:
                if array.size != other[slot].size:
                    return None
                array = array.reshape(other[slot].shape)
            found[array_name(TAKEN, slot)] = array
        return found

    def inputs_agree(self) -> bool:
        """Whether both calls took the same numbers: then nothing is inherited, whatever the layer gives when it runs alone."""
        crossed, taken = self.crossed(), self.theirs.inputs(self.mode, self.other)
        if crossed is None:
            return False
        pairs = [(array, taken[int(last_part(name))]) for name, array in crossed.items()]
        return bool(pairs) and all(
            judging.distance(mine, other) <= judging.tolerance(self.mine + 1, float(np.max(np.abs(other), initial=0.0)), 0.0)
            for mine, other in pairs
        )

    def misses(self, got: Array | None) -> float:
        """How far a result of theirs lies from our output; infinite where there is none."""
        ours = self.ours.output(self.mode, self.mine)
        if got is None or ours is None:
            return float("inf")
        both = alike(ours, got, recurrent=True, both=self.both)
        return float("inf") if both is None else judging.distance(*both)

    def gap(self) -> Gap:
        """What lies before this call in both models."""
        sides = (self.turned(), self)
        found = []
        for one in sides:
            structure = one.theirs.structure
            array = one.theirs.inputs(one.mode, one.other)[0]
            found.append(structure.neutral(array, one.other, structure.taken(one.other)))

        def misses(again: Mapping[str, Array]) -> float:
            array = again.get(array_name(GIVEN, self.other, 0))
            return self.misses(None if array is None else self.theirs.structure.neutral(array, self.other, gave=True))

        titles = self.title(), self.turned().title()
        where = self.ours, self.theirs, self.mode, self.means, self.before(), self.mine, self.other
        return Gap(*where, found[0], found[1], titles, misses)


@dataclass(frozen=True)
class Gap:
    """What two models do without a layer before one that agrees, or before their output.

    before: pairs of calls up to there; place, theirs_place: of the call that takes the numbers; mine, other: the numbers;
    titles: what takes them; misses: how far what takes them in their model, run again, lies from ours; last: whether they are
    the models' output.
    """

    ours: Side
    theirs: Side
    mode: str
    means: Reruns
    before: Sequence[tuple[int, int]]
    place: int
    theirs_place: int
    mine: Array
    other: Array
    titles: tuple[str, str]
    misses: Callable[[Mapping[str, Array]], float]
    last: bool = False

    @property
    def labels(self) -> tuple[str, str]:
        return self.ours.structure.label, self.theirs.structure.label

    def limit(self, array: Array) -> float:
        return self.means.tolerance(self.place + 1, float(np.max(np.abs(array), initial=0.0)))

    def what(self, side: int) -> str:
        """The numbers of one side, in words."""
        return self.titles[side] if self.last else f"what {self.titles[side]} takes"

    def images(self) -> list[Array]:
        """What our layers before this gave."""
        outputs = [self.ours.output(self.mode, place) for place in range(self.place)]
        return [one for one in outputs if one is not None]


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
    trial: CallTrial | None = None
    gap: Gap | None = None
    match: str = ""
    causes: tuple[str, ...] = field(default=())


def first(
    ours: Side, theirs: Side, calls: Sequence[tuple[int, int]], mode: str, means: Reruns, coarse: bool = False
) -> Departure | None:
    """The first call whose output departs in this mode; what of it is its own shows when it runs on the other's input.
    coarse: departs by more than a number held in float32 explains."""
    for mine, other in calls:
        both = aligned(ours, theirs, mode, mine, other, "float64")
        if both is None:
            trial = CallTrial(ours, theirs, mine, other, mode, means, judging.tolerance(mine + 1, 1.0, 0.0), calls)
            if not coarse and _shapes_part(trial):
                quantity = "activation" if mode == "eval" else "activation_training"
                return Departure(
                    quantity, ours.structure.title(mine), float("inf"), trial=trial, match=theirs.structure.title(other)
                )
            continue
        scale = max(float(np.max(np.abs(one), initial=0.0)) for one in both)
        error, limit = judging.distance(*both), means.tolerance(mine + 1, scale)
        if error <= (judging.narrow(mine + 1, scale) if coarse else limit):
            continue
        trial = CallTrial(ours, theirs, mine, other, mode, means, limit, calls)
        alone = None if trial.composite() else trial.alone()
        quantity = "activation" if mode == "eval" else "activation_training"
        title = ours.structure.title(mine)
        match = theirs.structure.title(other)
        if alone is None:
            return Departure(quantity, title, error, trial=trial, match=match)
        fitting = alike(both[0], alone, recurrent=True, both=trial.both)
        added = judging.distance(*fitting) if fitting else float("inf")
        theirs_out = theirs.output(mode, other)
        fitting = None if theirs_out is None else alike(theirs_out, alone, recurrent=True, both=trial.both)
        inherited = judging.distance(*fitting) if fitting else float("inf")
        between = added <= limit and not trial.inputs_agree()
        return Departure(quantity, title, error, inherited, added, between, trial, trial.gap() if between else None, match)
    return None


def itself(
    ours: Side, theirs: Side, pair: tuple[int, int], calls: Sequence[tuple[int, int]], mode: str, means: Reruns
) -> Departure | None:
    """A call that departs of itself, behind others: theirs, run on what ours took, so that nothing is inherited."""
    mine, other = pair
    output = ours.output(mode, mine)
    if output is None:
        return None
    limit = means.tolerance(mine + 1, float(np.max(np.abs(output), initial=0.0)))
    trial = CallTrial(ours, theirs, mine, other, mode, means, limit, calls)
    added = float("inf") if trial.composite() else trial.misses(trial.alone())
    if not limit < added < float("inf"):
        return None
    quantity = "activation" if mode == "eval" else "activation_training"
    return Departure(quantity, ours.structure.title(mine), added, 0.0, added, trial=trial, match=theirs.structure.title(other))


def _shapes_part(trial: CallTrial) -> bool:
    """Whether two layers of one kind took the same numbers and gave different counts of them."""
    outputs = [one.ours.output(one.mode, one.mine) for one in (trial, trial.turned())]
    kinds = {one.ours.structure.leaf(one.ours.structure.calls[one.mine].leaf).kind for one in (trial, trial.turned())}
    sizes = {one.size for one in outputs if one is not None}
    return len(kinds) == 1 and kinds <= SIZED and len(sizes) == 2 and trial.inputs_agree()


def output(
    ours: Side, theirs: Side, calls: Sequence[tuple[int, int]], mode: str, means: Reruns, coarse: bool = False
) -> Departure | None:
    """The first of the models' outputs that departs, where every layer that both have agrees."""
    outputs = ours.outputs(mode, "float64"), theirs.outputs(mode, "float64")
    places = len(ours.structure.calls), len(theirs.structure.calls)
    for number, (mine, other) in enumerate(zip(*outputs, strict=False)):
        if mine.shape != other.shape:
            continue
        error, depth = judging.distance(mine, other), places[0] + 1
        scale = max(float(np.max(np.abs(one), initial=0.0)) for one in (mine, other))
        if error <= (judging.narrow(depth, scale) if coarse else means.tolerance(depth, scale)):
            continue

        def misses(again: Mapping[str, Array], number: int = number, mine: Array = mine) -> float:
            return judging.distance(mine, theirs.structure.leaving(number, again[array_name(OUTPUT, number)]))

        titles = f"output {number} of {ours.structure.label}", f"output {number} of {theirs.structure.label}"
        gap = Gap(ours, theirs, mode, means, calls, *places, mine, other, titles, misses, last=True)
        quantity = "forward" if mode == "eval" else "forward_training"
        return Departure(quantity, f"output {number}", error, between=True, gap=gap)
    return None


def flows(array: Array) -> bool:
    """Whether an input is a value that layers hand on, and no mask: floats, finite, and not zeros and ones alone."""
    return array.dtype.kind == "f" and bool(np.isfinite(array).all()) and not bool(np.isin(array, (0.0, 1.0)).all())


def carried(source: Structure, target: Structure, array: Array, trial: CallTrial) -> Array:
    """A native input of one model as the other model's native input."""
    neutral = source.neutral(array, trial.mine, source.taken(trial.mine))
    return target.native(neutral, trial.other, target.taken(trial.other))
