"""Owns the pairs of tensors of two observed models that are compared, in the order in which a pass computes them.

It refuses to judge them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import model_outputs
from parity.comparing.judged_tensors import Pair
from parity.comparing.layer_mapping import LayerMap
from parity.comparing.layouts import Placement
from parity.comparing.lazy_tensors import LazyTensors
from parity.comparing.model_structure import Structure
from parity.execution.names import (
    AFTER,
    GIVEN,
    GRADIENT,
    INPUT_GRADIENT,
    OUTPUT,
    TAKEN,
    TRAIN,
    array_name,
    last_part,
    lies_under,
)
from parity.execution.own_model.layers import OwnLayer

Array = npt.NDArray[Any]
RECURRENT = ("lstm", "gru", "simple_rnn")
STATISTICS = ("mean", "variance")
NORM = "batch_norm"


@dataclass(frozen=True)
class Side:
    """One model as observed. seen: dtype -> arrays; before: the native weights that it was given, in float64; draws: mode ->
    the dropout and the random draws of that pass (parity.execution.own_model.layers.OwnModel)."""

    structure: Structure
    seen: Mapping[str, Mapping[str, Array]]
    before: Mapping[str, Array]
    draws: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def inputs(self, mode: str, place: int, dtype: str = "float64") -> list[Array]:
        """Native arrays that a call took."""
        count = len(self.structure.calls[place].inputs)
        return [self.seen[dtype][array_name(mode, TAKEN, place, slot)] for slot in range(count)]

    def output(self, mode: str, place: int, dtype: str = "float64") -> Array | None:
        """The first output of a call, in neutral order; None if it was not observed."""
        array = self.seen[dtype].get(array_name(mode, GIVEN, place, 0))
        return None if array is None else self.structure.neutral(array, place, self.structure.given(place), gave=True)

    def outputs(self, mode: str, dtype: str) -> list[Array]:
        """The model's own outputs, in neutral order."""
        arrays = [self.seen[dtype][array_name(mode, OUTPUT, place)] for place in range(len(self.structure.outputs))]
        return [self.structure.leaving(place, array) for place, array in enumerate(arrays)]


def passes(ours: Side, theirs: Side, layer_map: LayerMap, calls: Sequence[tuple[int, int]]) -> list[list[Pair]]:
    """Four lists of pairs: forward in evaluation; forward in training, with the statistics after it; backward; the update."""
    norms = batch_norms(ours), batch_norms(theirs)
    statistics, gradients, updates = weights(ours, theirs, layer_map, norms)
    trained = [*forward(ours, theirs, calls, "train"), *statistics]
    return [forward(ours, theirs, calls, "eval"), trained, [*gradients, *input_gradients(ours, theirs, norms)], updates]


def forward(ours: Side, theirs: Side, calls: Sequence[tuple[int, int]], mode: str) -> list[Pair]:
    """The pairs of a forward pass: the output of every call, then the models' outputs."""
    suffix = "" if mode == "eval" else "_training"
    pairs = []
    for mine, other in calls:
        tensors = [aligned(ours, theirs, mode, mine, other, dtype) for dtype in ("float64", "float32")]
        if tensors[0] is not None and tensors[1] is not None:
            at = (ours, theirs), mode, (mine, other)
            name = ours.structure.title(mine)
            pairs.append(Pair(f"activation{suffix}", name, mine + 1, _aligned(*at, 0), _aligned(*at, 1)))
    depth = len(ours.structure.calls) + 1
    for number in range(min(len(side.structure.outputs) for side in (ours, theirs))):
        left, right = _both(ours, theirs, lambda side, dtype, number=number: side.outputs(mode, dtype)[number])
        both = {dtype: model_outputs.alike(left[dtype], right[dtype]) for dtype in left}
        first, second = ({dtype: item[side] for dtype, item in both.items()} for side in (0, 1))
        pairs.append(Pair(f"forward{suffix}", ours.structure.output_title(number), depth, first, second))
    return pairs


def _aligned(sides: tuple[Side, Side], mode: str, calls: tuple[int, int], side: int) -> LazyTensors:
    """One side's output of a pair of calls, in a shape in which it can be compared."""

    def make(dtype: str) -> Array:
        both = aligned(*sides, mode, *calls, dtype)
        if both is None:
            raise ValueError(f"calls {calls} cannot be compared in {dtype}")
        return both[side]

    return LazyTensors(("float64", "float32"), make)


def aligned(ours: Side, theirs: Side, mode: str, mine: int, other: int, dtype: str) -> tuple[Array, Array] | None:
    """Both outputs of a pair of calls, as floats in the same shape; None if they cannot be compared."""
    left, right = ours.output(mode, mine, dtype), theirs.output(mode, other, dtype)
    if left is None or right is None or left.dtype.kind != "f" or right.dtype.kind != "f":
        return None
    leaves = [side.structure.leaf(side.structure.calls[at].leaf) for side, at in ((ours, mine), (theirs, other))]
    both = all(leaf.settings.get("bidirectional") for leaf in leaves)
    return alike(left, right, any(leaf.kind in RECURRENT for leaf in leaves), both)


def alike(left: Array, right: Array, recurrent: bool, both: bool = False) -> tuple[Array, Array] | None:
    """Two outputs in one shape; None if they do not fit. Axes of length 1 are ignored. recurrent: if only one is a sequence,
    its last step is compared. both: the layer runs in both directions, so the second half's last step is the first in time."""
    if left.shape == right.shape:
        return left, right
    if recurrent and {left.ndim, right.ndim} == {2, 3}:
        left, right = (_end(array, both) if array.ndim == 3 else array for array in (left, right))
        return (left, right) if left.shape == right.shape else None
    if [size for size in left.shape if size > 1] == [size for size in right.shape if size > 1]:
        return left, right.reshape(left.shape)
    if left.size == right.size and left.shape[-1] == right.shape[-1] and {left.ndim, right.ndim} == {2, 3}:
        return left, right.reshape(left.shape)  # examples and steps as one axis
    return None


def _end(sequence: Array, both: bool) -> Array:
    half = sequence.shape[-1] // 2
    return np.concatenate([sequence[:, -1, :half], sequence[:, 0, half:]], axis=-1) if both else sequence[:, -1]


def weights(ours: Side, theirs: Side, layer_map: LayerMap, norms: Norms) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """Three lists of pairs: statistics after a training pass, gradients, and updates (the last two from the last layer to the
    first)."""
    labels = ours.structure.label, theirs.structure.label
    places = {name: ours.structure.first(name) for name in (match.leaves[labels[0]] for match in layer_map.matches)}
    statistics, gradients, updates = [], [], []
    for match in sorted(layer_map.matches, key=lambda match: places[match.leaves[labels[0]]]):
        name = match.leaves[labels[0]]
        depth, back = places[name] + 1, 2 * len(ours.structure.calls) - places[name]
        sums = _summed(norms, (places[name], theirs.structure.first(match.leaves[labels[1]])))
        for role, placements in match.weights.items():
            if not all(label in placements for label in labels):
                continue
            at = [placements[label] for label in labels]

            both = (ours, at[0]), (theirs, at[1])
            title = f"{name} {role}"
            if role.split(".")[-1] in STATISTICS:
                after = [_trained(side, placement, "after") for side, placement in both]
                statistics.append(Pair("statistic", title, depth, after[0], after[1]))
            elif all(array_name(TRAIN, GRADIENT, placement.native) in side.seen["float64"] for side, placement in both):
                found_gradients = [_trained(side, placement, "gradient") for side, placement in both]
                gradients.append(Pair("gradient", title, back, found_gradients[0], found_gradients[1], sums=sums))
                begin = at[0].read(ours.before[at[0].native])
                moved = [_moved(_trained(side, placement, "after"), begin) for side, placement in both]
                held = float(np.max(np.abs(begin), initial=0.0))
                updates.append(Pair("update", title, back, moved[0], moved[1], held, sums=sums))
    greatest = max((float(np.max(np.abs(pair.ours["float64"]), initial=0.0)) for pair in gradients), default=0.0)
    gradients = [replace(pair, terms=greatest) for pair in gradients if np.isfinite(greatest)] or gradients
    return statistics, gradients[::-1], updates[::-1]


def _trained(side: Side, placement: Placement, what: str) -> LazyTensors:
    """A weight's gradient, or the weight after the step, in neutral order and every precision. what: `gradient` or `after`."""
    name = array_name(TRAIN, what, placement.native)
    return LazyTensors(tuple(side.seen), lambda dtype: placement.read(side.seen[dtype][name]))


def _moved(after: Mapping[str, Array], before: Array) -> LazyTensors:
    """What the step added to the weight; in float32, to the weight rounded to float32."""
    return LazyTensors(tuple(after), lambda dtype: after[dtype] - before.astype(after[dtype].dtype))


def input_gradients(ours: Side, theirs: Side, norms: Norms) -> list[Pair]:
    """The pairs of input gradients, with which a backward pass ends."""
    depth = 2 * len(ours.structure.calls) + 1
    names = [name for name in ours.seen["float64"] if lies_under(name, TRAIN, INPUT_GRADIENT)]
    pairs = []
    for name in names:
        number = int(last_part(name))
        arrays = _both(
            ours, theirs, lambda side, dtype, at=number, name=name: side.structure.entering(at, side.seen[dtype][name])
        )
        pairs.append(Pair("input_gradient", f"input {number}", depth, *arrays, sums=_summed(norms, (0, 0))))
    return pairs


@dataclass(frozen=True)
class Norm:
    """A batch norm that normalizes by the statistics of its batch. place: its call; sums: √n·(1 + |mean|/deviation), the
    greatest of its channels: by how many u a gradient that came back through it errs if its sums are taken in another order.

    The gradient of the variance is Σg·(x - mean) over the n numbers of a channel. Another order of this sum errs by √n·u of its
    terms (Higham & Mary 2019). Computed as Σg·x - mean·Σg (so tf.nn.batch_normalization is derived), its terms are greater by
    |mean|/deviation. tests/conformance/batch_norm_sums.py measures the error with n = 216. If the mean of g is one deviation,
    the medians are 4, 9 and 22 u at means of x of 0, 1 and 3 deviations, at most 0.14 of the bound. The bound does not count
    that the mean of g cancels too, since no g is observed: at three deviations the error is 0.52 of the bound, at ten 1.84.
    """

    place: int
    sums: float


Norms = tuple[Sequence[Norm], Sequence[Norm]]
"""The batch norms of both models."""


def batch_norms(side: Side) -> list[Norm]:
    """The batch norms of a model in the order of their calls. Left out are norms that training calls with another shape than
    the traced evaluation, frozen norms, and norms whose inputs are not all finite."""
    norms = []
    for place, call in enumerate(side.structure.calls):
        leaf, taken = side.structure.leaf(call.leaf), side.seen["float64"].get(array_name(TRAIN, TAKEN, place, 0))
        if leaf.kind != NORM or taken is None or (taken.shape,) != call.inputs[:1] or _frozen(side, leaf):
            continue
        neutral = np.moveaxis(side.structure.neutral(taken, place), 1, 0)
        numbers = neutral.reshape(len(neutral), -1)
        if not numbers.size or not np.isfinite(numbers).all():
            continue
        deviation = np.sqrt(numbers.var(1) + leaf.settings.get("epsilon", 0.0))
        means = np.divide(np.abs(numbers.mean(1)), deviation, out=np.zeros(len(numbers)), where=deviation > 0)
        norms.append(Norm(place, sqrt(numbers.shape[1]) * (1 + float(np.max(means)))))
    return norms


def _frozen(side: Side, leaf: OwnLayer) -> bool:
    """Whether a norm has running statistics and a training pass moved none of them."""
    natives = [weight.native for weight in leaf.weights if weight.role in STATISTICS]
    return bool(natives) and all(
        np.array_equal(side.seen["float64"].get(array_name(TRAIN, AFTER, native), side.before[native]), side.before[native])
        for native in natives
    )


def _summed(norms: Norms, places: tuple[int, int]) -> float:
    """The greatest `sums` of the norms at these places or later; 0 for none. A gradient comes back through them."""
    later = (norm.sums for several, place in zip(norms, places, strict=True) for norm in several if norm.place >= place)
    return max(later, default=0.0)


def _both(ours: Side, theirs: Side, of: Callable[..., Array]) -> tuple[dict[str, Array], dict[str, Array]]:
    left, right = ({dtype: of(side, dtype) for dtype in side.seen} for side in (ours, theirs))
    return left, right
