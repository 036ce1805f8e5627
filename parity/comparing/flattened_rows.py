"""Owns which rows of features flatten an image or a signal, or are reshaped into one, and whether its channels come first.

It refuses to guess where a row comes from if the worker saw it. If the worker did not, the last image of the same size counts,
in the layout of its framework.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from parity.comparing import input_channels
from parity.comparing.channel_axes import FIRST, IMAGE, LAST, NONE, SIGNAL, flipped
from parity.execution.own_model.layers import Shape, given_input

if TYPE_CHECKING:
    from parity.comparing.model_structure import Structure


@dataclass(frozen=True)
class FlattenedImage:
    """A row of features that is an image. image: its shape without the batch, always with channels last; order: `first` or
    `last`, whether the row has the channels as its first or its last axis."""

    image: Shape
    order: str


def taken(structure: Structure, place: int) -> FlattenedImage | None:
    """The image that a call takes as a row of features; None if it takes no row, or a row that is no image."""
    shapes = structure.calls[place].inputs
    if not shapes or len(shapes[0]) != 2:
        return None
    if place in structure.told:
        return structure.told[place]
    sources, turns = structure.calls[place].sources, structure.calls[place].turns
    if sources and sources[0] != -1:
        row = left(structure, sources[0], turns[0] if turns else "", shapes[0][1])
    else:
        row = _last_image(structure, place, shapes[0])
    if row is None and by_feature(structure, place):
        row = reshaped(structure, place)
    return _natural(structure, row)


def left(structure: Structure, source: int, turn: str, features: int) -> FlattenedImage | None:
    """The flattened image in a row of so many features that a source gave. turn: how its axes were moved before flattening."""
    number = given_input(source)
    if number is not None:
        shape = structure.takes[number] if number < len(structure.takes) else ()
        return _row(shape, input_channels.entry(structure, number, len(shape)), features, turn)
    shape = structure.calls[source].outputs[0]
    if len(shape) >= SIGNAL:
        layout = structure.axes.given[source]
        return _row(shape, layout or (LAST if len(shape) >= IMAGE else NONE), features, turn)
    return None if turn else flattened_output(structure, source)


def _row(shape: Shape, layout: str, features: int, turn: str = "") -> FlattenedImage | None:
    """The row that flattens a tensor of this shape. layout: where its channels stood before the turn."""
    if layout not in (FIRST, LAST) or len(shape) < SIGNAL or prod(shape[1:]) != features:
        return None
    image = (*shape[2:], shape[1]) if layout == FIRST else shape[1:]
    return FlattenedImage(image, flipped(layout, turn) or layout) if prod(image[:-1]) > 1 else None


def _last_image(structure: Structure, place: int, wanted: Shape) -> FlattenedImage | None:
    """The last image of this size before a call, for a row of unknown source; None if other rows lie between."""
    for earlier in reversed(range(place)):
        call = structure.calls[earlier]
        shape = call.outputs[0] if call.outputs else ()
        if len(shape) >= SIGNAL:
            return _row(shape, structure.axes.given[earlier], wanted[1])
        if len(shape) == 2 and (
            shape != wanted or not (by_feature(structure, earlier) or not structure.leaf(call.leaf).weights)
        ):
            return None
    return None


def flattened_output(structure: Structure, place: int) -> FlattenedImage | None:
    """The image that a call gives as a row of features: it flattens it or passes it on, or the row becomes an image later."""
    call = structure.calls[place]
    if not call.outputs or len(call.outputs[0]) != 2 or not call.inputs:
        return None
    if row := reshaped(structure, place):
        return row
    if len(call.inputs[0]) >= SIGNAL:
        return _natural(structure, _row(call.inputs[0], structure.axes.taken[place], call.outputs[0][1]))
    passes = by_feature(structure, place) or not structure.leaf(call.leaf).weights
    return taken(structure, place) if passes else None


def reshaped(structure: Structure, place: int) -> FlattenedImage | None:
    """The image into which a call's output row is reshaped later. Layers that treat each feature alone may lie between."""
    call = structure.calls[place]
    if not call.outputs or len(call.outputs[0]) != 2:
        return None
    features = call.outputs[0][1]
    for later in structure.consumers.get(place, ()):
        other = structure.calls[later]
        if len(other.inputs[0]) >= SIGNAL:
            turn = other.turns[0] if other.turns else ""
            layout = structure.axes.taken[later]
            row = _row(other.inputs[0], layout, features)
            return _natural(structure, row and FlattenedImage(row.image, input_channels.before(layout, turn) or row.order))
        if by_feature(structure, later):
            return reshaped(structure, later)
        if other.outputs and len(other.outputs[0]) >= SIGNAL:
            return _natural(structure, _row(other.outputs[0], structure.axes.given[later], features))
    return None


def by_feature(structure: Structure, place: int) -> bool:
    """Whether a call takes and gives a row and treats each feature alone: an activation, a norm, dropout."""
    call = structure.calls[place]
    same = bool(call.inputs and call.outputs) and call.inputs[0] == call.outputs[0] and len(call.outputs[0]) == 2
    return same and all(len(weight.shape) < 2 for weight in structure.leaf(call.leaf).weights)


def _natural(structure: Structure, row: FlattenedImage | None) -> FlattenedImage | None:
    if row is None or not structure.natural:
        return row
    return FlattenedImage(row.image, structure.lies or NONE)
