"""Owns the likely causes that lie between layers, where the user's own code handles tensors: order, activation, scale, mask.

It refuses to name a cause that the recorded numbers do not confirm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors, notes, recognized_activations, recognized_expressions
from parity.comparing.call_pair import CallTrial, Gap
from parity.comparing.channel_axes import IMAGE
from parity.comparing.recognized_activations import HELD
from parity.comparing.tensor_pairs import alike

Array = npt.NDArray[Any]
AXES = ("channels", "height", "width")
RUNS = 8
"""Longest list of pieces, when the report tells in which order something stands."""
REACH = 3
"""How many layers back an activation's input is searched."""


def flatten_order(gap: Gap) -> Iterator[str]:
    """Both models flatten the same image to a row of features, but with its axes in another order."""
    mine, other = gap.mine, gap.other
    if mine.ndim != 2 or mine.shape != other.shape:
        return
    for image in _images(gap, mine.shape[1]):
        for turn in permutations(range(len(image))):
            turned = mine.reshape(-1, *image).transpose(0, *(axis + 1 for axis in turn)).reshape(mine.shape)
            if turn != tuple(range(len(image))) and judged_tensors.distance(turned, other) <= gap.limit(mine):
                sentence = f"{gap.labels[0]} flattens {_told(range(len(image)))}, {gap.labels[1]} {_told(turn)}"
                yield f"flatten order: {sentence} of an image of {'×'.join(map(str, image))} (tested)"
                return


def _images(gap: Gap, features: int) -> Iterator[tuple[int, ...]]:
    """Shapes of images with so many numbers: the last image that a layer gave, or an image that pooling without a layer made of
    it. Each is tried with its channels first and then last, since one model may flatten it so."""
    shapes = [image.shape[1:] for image in gap.images() if image.ndim >= IMAGE]
    if not shapes:
        return
    channels, *sizes = shapes[-1]
    images = [shapes[-1]] if math.prod(shapes[-1]) == features else []
    if len(sizes) == 2 and features % channels == 0:
        area = features // channels
        heights = [height for height in range(1, sizes[0] + 1) if area % height == 0]
        heights.sort(key=lambda height: abs(math.log(height * height / area * sizes[1] / sizes[0])))  # pooling keeps the ratio
        images += [(channels, height, area // height) for height in heights]
    for image in dict.fromkeys(images):
        yield image
        yield (*image[1:], image[0])


def _told(axes: Sequence[int]) -> str:
    return f"({', '.join(AXES[axis] if axis < len(AXES) else str(axis) for axis in axes)})"


def activation(gap: Gap) -> Iterator[str]:
    """The two models apply different known functions to the output of an earlier layer."""
    for place, theirs in reversed(gap.before[-REACH:]):
        ours, their = gap.ours.output(gap.mode, place), gap.theirs.output(gap.mode, theirs)
        if ours is None or their is None:
            continue
        names = [_function(ours, gap.mine, gap), _function(their, gap.other, gap)]
        if all(names) and names[0] != names[1]:
            what = "the model's output" if gap.last else "the next layer's input"
            yield (
                f"activation after {gap.ours.structure.title(place)}: {names[0]} in {gap.labels[0]}, {names[1]} in "
                f"{gap.labels[1]} (tested: each gives {what})"
            )
            return


def own_activation(trial: CallTrial, _: Any) -> Iterator[str]:
    """The two activation layers are different functions."""
    names = []
    for attempt in (trial.turned(), trial):
        structure, array = attempt.theirs.structure, attempt.theirs.inputs(attempt.mode, attempt.other)[0]
        output = attempt.theirs.output(attempt.mode, attempt.other)
        names.append("" if output is None else _function(structure.neutral(array, attempt.other), output, trial.gap()))
    if all(names) and names[0] != names[1]:
        yield f"activation: {names[0]} in {trial.title()}, {names[1]} in {trial.turned().title()} (tested on what they took)"


def _function(before: Array, after: Array, gap: Gap) -> str:
    both = alike(after, before, recurrent=False)
    after, before = (after, before) if both is None else both
    return recognized_activations.named(before, after, gap.limit(after))


def scale(gap: Gap) -> Iterator[str]:
    """Their input is ours times a number."""
    mine, other = gap.mine, gap.other
    if mine.shape != other.shape or not np.any(mine) or not np.isfinite(mine).all() or not np.isfinite(other).all():
        return
    factor = float(np.vdot(mine, other) / np.vdot(mine, mine))
    if judged_tensors.distance(mine, other) <= gap.limit(other):
        return
    if judged_tensors.distance(mine * factor, other) <= gap.limit(other):
        yield f"scale: {gap.what(1)} is {factor:.9g} times {gap.what(0)} (tested)"


def mask_meaning(gap: Gap) -> Iterator[str]:
    """The models read a mask among their inputs in opposite ways. Tested by a run of their whole model with it inverted."""
    structure = gap.theirs.structure
    for place, array in enumerate(gap.means.given(structure.label)):
        if array.dtype.kind == "b" and gap.misses(gap.means.inverted(structure.label, place)) <= gap.limit(gap.mine):
            yield (
                f"mask meaning inverted: the models take input {place} for the opposite of each other (tested: with it "
                f"inverted {gap.titles[1]} gives the output of {gap.titles[0]})"
            )


def branches(gap: Gap) -> Iterator[str]:
    """Both have the same rows along one axis, but in another order: tensors were concatenated in another order."""
    mine, other = gap.mine, gap.other
    if mine.shape != other.shape:
        return
    for axis in range(1, mine.ndim):
        order = _permutation(np.moveaxis(mine, axis, 0), np.moveaxis(other, axis, 0), gap.limit(mine))
        if order is not None:
            orders = ", ".join(f"{first}–{last}" for first, last in _runs(order)[:RUNS])
            if len(_runs(order)) > RUNS:
                turned = notes.permutation(order)
                orders = f"{turned}, its axes exchanged: Permute((2, 3, 1)) for an image" if turned else f"{orders} …"
            yield (
                f"order of branches: along axis {axis} {gap.labels[1]} has what {gap.labels[0]} has at {orders}, in this order "
                "(tested: so arranged they agree)"
            )
            return


def _permutation(mine: Array, other: Array, limit: float) -> list[int] | None:
    """For each of their rows, its index among ours. None if a row has no counterpart, or if all stand in the same order."""
    rows, order = mine.reshape(len(mine), -1), list[int]()
    for row in other.reshape(len(other), -1):
        gaps = np.abs(rows - row).max(1) if row.size else np.zeros(len(rows))
        place = int(np.argmin(gaps))
        if not gaps[place] <= limit or place in order:
            return None
        order.append(place)
    return order if order != sorted(order) else None


def _runs(order: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for place in order:
        if runs and place == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs


def order(gap: Gap) -> Iterator[str]:
    """Both have the same numbers, but with axes in another order or with one axis reversed."""
    mine, other = gap.mine, gap.other
    if mine.size != other.size or mine.ndim > IMAGE + 1:
        return
    for turn in permutations(range(1, mine.ndim)):
        turned = mine.transpose(0, *turn)
        if turn != tuple(range(1, mine.ndim)) and judged_tensors.distance(turned.reshape(other.shape), other) <= gap.limit(
            mine
        ):
            how = f"its axes in the order {(0, *turn)}"
            yield f"order: {gap.what(1)} is {gap.what(0)} with {how} (tested: so arranged they agree)"
            return
    for axis in range(1, mine.ndim) if mine.shape == other.shape else ():
        if mine.shape[axis] > 1 and judged_tensors.distance(np.flip(mine, axis), other) <= gap.limit(mine):
            yield f"order: {gap.what(1)} is {gap.what(0)} flipped along axis {axis} (tested: so arranged they agree)"
            return


CAUSES: tuple[Callable[[Gap], Iterator[str]], ...] = (
    flatten_order,
    activation,
    scale,
    mask_meaning,
    recognized_expressions.attention,
    recognized_expressions.wiring,
    branches,
    order,
)
"""The tests, in order. The first that names a cause ends the search."""

__all__ = ["CAUSES", "HELD", "own_activation"]
