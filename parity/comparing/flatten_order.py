"""Owns rows of features whose order the trace could not find, because a function lies between image and row. The numbers of
both models tell it.

It refuses any order but the two in which frameworks flatten, channels first and channels last; any other order is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors
from parity.comparing.channel_axes import FIRST, LAST, SIGNAL
from parity.comparing.flattened_rows import FlattenedImage
from parity.comparing.model_structure import Structure
from parity.comparing.tensor_pairs import Side
from parity.execution.own_model.layers import Shape

Array = npt.NDArray[Any]


def reordered_rows(ours: Side, theirs: Side, calls: Sequence[tuple[int, int]]) -> dict[str, dict[int, FlattenedImage]]:
    """label -> call -> the row that the call takes, for the first call whose row differs between the models; {} if there is
    none or no order explains it."""
    if ours.structure.natural or theirs.structure.natural:
        return {}
    for mine, other in calls:
        taken = [_taken(side, place) for side, place in ((ours, mine), (theirs, other))]
        if taken[0] is None or taken[1] is None or taken[0].shape != taken[1].shape:
            continue
        limit = judged_tensors.narrow(mine + 1, float(np.max(np.abs(taken[0]), initial=0.0)))
        left, right = (_neutral(side, place) for side, place in ((ours, mine), (theirs, other)))
        if judged_tensors.distance(left, right) <= limit:
            continue
        for row in _orders(ours.structure, mine):
            if judged_tensors.distance(_turned(taken[0], row), right) <= limit:
                return {ours.structure.label: {mine: row}}
        for row in _orders(theirs.structure, other):
            if judged_tensors.distance(left, _turned(taken[1], row)) <= limit:
                return {theirs.structure.label: {other: row}}
        return {}
    return {}


def with_told(structure: Structure, flatteneds: dict[int, FlattenedImage]) -> Structure:
    return replace(structure, told={**structure.told, **flatteneds})


def _taken(side: Side, place: int) -> Array | None:
    """The native row that a layer with weights takes; None if it takes no row or has no weights."""
    arrays = side.inputs("eval", place)
    leaf = side.structure.leaf(side.structure.calls[place].leaf)
    return arrays[0] if arrays and leaf.weights and arrays[0].ndim == 2 and arrays[0].dtype.kind == "f" else None


def _neutral(side: Side, place: int) -> Array:
    return side.structure.neutral(side.inputs("eval", place)[0], place, side.structure.taken(place))


def _turned(array: Array, row: FlattenedImage) -> Array:
    return array if row.order == FIRST else np.moveaxis(array.reshape(-1, *row.image), -1, 1).reshape(array.shape)


def _orders(structure: Structure, place: int) -> Iterator[FlattenedImage]:
    """Candidates for a row of unknown source: the last image that a layer gave, or an image that pooling without a layer made
    of it, in both orders. None if the trace knows the source."""
    call = structure.calls[place]
    is_known = bool(call.sources) and call.sources[0] != -1
    if is_known or place in structure.told:
        return
    features = call.inputs[0][1]
    for image in _images(structure, place, features):
        yield FlattenedImage(image, LAST)
        yield FlattenedImage(image, FIRST)


def _images(structure: Structure, place: int, features: int) -> Iterator[Shape]:
    for earlier in reversed(range(place)):
        call = structure.calls[earlier]
        layout = structure.axes.given[earlier]
        if not call.outputs or len(call.outputs[0]) < SIGNAL or layout not in (FIRST, LAST):
            continue
        shape = call.outputs[0][1:]
        channels, sizes = (shape[0], shape[1:]) if layout == FIRST else (shape[-1], shape[:-1])
        area, rest = divmod(features, channels)
        if rest == 0 and area > 1:
            yield from ((*item, channels) for item in ([sizes] if prod(sizes) == area else _halved(sizes, area)))
        return


def _halved(sizes: Shape, area: int) -> Iterator[Shape]:
    """Sizes of an image with this area. Any sizes will do, since only the channels move and the rest keeps its order."""
    yield (area, *(1 for _ in sizes[1:]))
