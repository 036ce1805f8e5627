"""Owns a call that two models have in common, and the user's code before such a call: the numbers of both models there, and the
means to run them again.

It refuses to say which call departs first (departures.py), and why (layer_causes.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors
from parity.comparing.layer_mapping import LayerMap
from parity.comparing.layouts import Placement
from parity.comparing.model_structure import Structure
from parity.comparing.rerun_interface import NOTHING, Reruns
from parity.comparing.tensor_pairs import Side, alike
from parity.execution.names import GIVEN, TAKEN, array_name, last_part
from parity.execution.own_model.layers import OwnLayer

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class CallTrial:
    """A call in both models, and the means to run it again. mine, other: its place in ours and in theirs; limit: the error of
    its output that rounding explains; calls: the places of all calls that correspond."""

    ours: Side
    theirs: Side
    mine: int
    other: int
    mode: str
    means: Reruns
    limit: float
    calls: Sequence[tuple[int, int]]

    def turned(self) -> CallTrial:
        """The same trial with the two models exchanged."""
        calls = [(other, mine) for mine, other in self.calls]
        return CallTrial(self.theirs, self.ours, self.other, self.mine, self.mode, self.means, self.limit, calls)

    def title(self) -> str:
        """The name of our call, with the model's label."""
        return f"{self.ours.structure.label} {self.ours.structure.title(self.mine)}"

    @property
    def layer(self) -> OwnLayer:
        """Our layer."""
        return self.ours.structure.leaf(self.ours.structure.calls[self.mine].leaf)

    def settings(self) -> Mapping[str, Any]:
        """The settings of our layer."""
        return self.layer.settings

    @property
    def both(self) -> bool:
        """Whether both layers run over time in both directions."""
        return all(trial.settings().get("bidirectional") for trial in (self, self.turned()))

    def composite(self) -> bool:
        """Whether one call computes more layers than the other (a stacked LSTM), so that they cannot replace each other."""
        structures = [(trial.ours.structure, trial.mine) for trial in (self, self.turned())]
        parts = [len(structure.parts(structure.calls[call].leaf)) for structure, call in structures]
        return parts[0] != parts[1]

    def placements(self, layer_map: LayerMap) -> dict[str, Placement]:
        """Where the weights of their layer lie."""
        label = self.theirs.structure.label
        name, structure = self.theirs.structure.calls[self.other].leaf, self.theirs.structure
        placed: dict[str, Placement] = {}
        for prefix, leaf in [("", name), *((f"{part.name}/", part.name) for part in structure.parts(name))]:
            match = layer_map.of(label, leaf)
            weights = match.weights.items() if match else ()
            placed |= {f"{prefix}{role}": weight[label] for role, weight in weights if label in weight}
        return placed

    def before(self) -> list[tuple[int, int]]:
        """The pairs of calls before this one."""
        return [pair for pair in self.calls if pair[0] < self.mine and pair[1] < self.other]

    def alone(self, arrays: Mapping[str, Array] | None = None, **change: Any) -> Array | None:
        """The output of their call on our inputs, in neutral order and in the shape of our output; None if shapes do not fit.

        arrays: further native arrays for their call; change: what else differs in it (rerun_interface.py)."""
        crossed = self.crossed()
        return None if crossed is None else self.ran({**crossed, **(arrays or {})}, **change)

    def ran(self, arrays: Mapping[str, Array], **change: Any) -> Array | None:
        """The output of their call, run again with these native arrays in place of its own inputs and weights."""
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
        """Our float inputs, as native inputs of their call; None if they do not fit. Masks and integers stay theirs, since they
        say how to compute and are not values that layers hand on."""
        mine, other = self.ours.inputs(self.mode, self.mine), self.theirs.inputs(self.mode, self.other)
        flowing = [place for place, array in enumerate(mine) if flows(array)]
        slots = [place for place, array in enumerate(other) if flows(array)]
        if bool(flowing) != bool(slots):  # the numbers of one model are zeros alone
            return None
        if len(flowing) != len(slots) and len({mine[place].tobytes() for place in flowing}) > 1:
            return None
        arrays = {}
        for number, slot in enumerate(slots):
            array = carried(self.ours.structure, self.theirs.structure, mine[flowing[min(number, len(flowing) - 1)]], self)
            if array.shape != other[slot].shape:
                if array.size != other[slot].size:
                    return None
                array = array.reshape(other[slot].shape)
            arrays[array_name(TAKEN, slot)] = array
        return arrays

    def inputs_agree(self) -> bool:
        """Whether both calls took the same numbers. Then no error is inherited, whatever the layer gives when it runs alone."""
        crossed, taken = self.crossed(), self.theirs.inputs(self.mode, self.other)
        if crossed is None:
            return False
        pairs = [(array, taken[int(last_part(name))]) for name, array in crossed.items()]
        return bool(pairs) and all(
            judged_tensors.distance(mine, other) <= self._rounding(float(np.max(np.abs(other), initial=0.0)))
            for mine, other in pairs
        )

    def _rounding(self, scale: float) -> float:
        """Greatest difference of two inputs of the call that rounding explains."""
        fine = self.means.fine
        return self.means.tolerance(self.mine + 1, scale) if fine else judged_tensors.tolerance(self.mine + 1, scale, 0.0)

    def misses(self, got: Array | None) -> float:
        """How far a result of their call lies from our output; infinite if there is no result or it does not fit."""
        ours = self.ours.output(self.mode, self.mine)
        if got is None or ours is None:
            return float("inf")
        both = alike(ours, got, recurrent=True, both=self.both)
        return float("inf") if both is None else judged_tensors.distance(*both)

    def gap(self) -> Gap:
        """The code before this call in both models."""
        sides = (self.turned(), self)
        arrays = []
        for trial in sides:
            structure = trial.theirs.structure
            array = trial.theirs.inputs(trial.mode, trial.other)[0]
            arrays.append(structure.neutral(array, trial.other, structure.taken(trial.other)))

        def misses(again: Mapping[str, Array]) -> float:
            array = again.get(array_name(GIVEN, self.other, 0))
            return self.misses(None if array is None else self.theirs.structure.neutral(array, self.other, gave=True))

        titles = self.title(), self.turned().title()
        where = self.ours, self.theirs, self.mode, self.means, self.before(), self.mine, self.other
        return Gap(*where, arrays[0], arrays[1], titles, misses)


@dataclass(frozen=True)
class Gap:
    """The code that two models run outside of layers, before a layer that itself agrees or before the models' output.

    before: the pairs of calls up to there; place, theirs_place: the place of the call that takes the numbers, in ours and in
    theirs; mine, other: these numbers; titles: the names of the two calls that take them; misses: from the arrays of another
    pass of their model, how far the output of their call lies from ours; last: whether the numbers are the models' output.
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
        """The name of one side's numbers in a sentence."""
        return self.titles[side] if self.last else f"what {self.titles[side]} takes"

    def images(self) -> list[Array]:
        """The outputs of our layers before this place."""
        outputs = [self.ours.output(self.mode, place) for place in range(self.place)]
        return [array for array in outputs if array is not None]


def flows(array: Array) -> bool:
    """Whether an input is a value that layers hand on, not a mask: floats, all finite, and not only zeros and ones."""
    return array.dtype.kind == "f" and bool(np.isfinite(array).all()) and not bool(np.isin(array, (0.0, 1.0)).all())


def carried(source: Structure, target: Structure, array: Array, trial: CallTrial) -> Array:
    """A native input of the source model, in the layout of the target model."""
    neutral = source.neutral(array, trial.mine, source.taken(trial.mine))
    return target.native(neutral, trial.other, target.taken(trial.other))
