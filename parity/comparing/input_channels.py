"""Owns the place of the channel axis in a model's inputs and outputs: as its framework holds images, or as the other framework.

It refuses to look at the tensors between layers; channel_axes.py does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parity.comparing import flattened_rows
from parity.comparing.channel_axes import FIRST, IMAGE, LAST, NONE, SIGNAL, STEPS, flipped
from parity.execution.own_model.layers import Shape, given_input

if TYPE_CHECKING:
    from parity.comparing.model_structure import Structure


def before(layout: str, turn: str) -> str:
    """Where the channels stood before an axis was moved. The inverse of axes.flipped."""
    if not turn:
        return layout
    return next((name for name in (FIRST, LAST, STEPS, NONE) if layout and flipped(name, turn) == layout), NONE)


def of_signal(structure: Structure, number: int, count: int = SIGNAL) -> bool:
    """Whether an input is a signal, so that a layer states where its channels are. A layer that takes sequences has their
    features last; so if only one model states that an input is a signal, the other takes it with channels last."""
    return count == SIGNAL and entry(structure, number, count) in (FIRST, LAST)


def entry(structure: Structure, number: int, count: int) -> str:
    """Where a model's input has its channels. number: of the input; count: its axes."""
    if count < SIGNAL:
        return NONE
    if count == SIGNAL and number in structure.enters:
        return structure.enters[number]
    for place in structure.consumers.get(-2 - number, ()):
        call = structure.calls[place]
        if len(call.inputs[0]) == count:
            features_last = LAST if count >= IMAGE else NONE
            return before(structure.axes.taken[place] or features_last, call.turns[0] if call.turns else "")
    shape = structure.takes[number] if number < len(structure.takes) else ()
    if not structure.consumers.get(-2 - number) and len(shape) == count:
        for place, call in enumerate(structure.calls):
            if layout := _alike(shape, call.inputs[0] if call.inputs else (), structure.axes.taken[place]):
                return layout
    return structure.channels if count >= IMAGE else NONE


def _alike(shape: Shape, other: Shape, layout: str) -> str:
    """The layout of a tensor whose shape equals another tensor's, as it is or with channels moved. other, layout: of that
    tensor; NONE if the shapes do not tell."""
    if layout not in (FIRST, LAST) or len(shape) != len(other):
        return NONE
    if shape == other:
        return layout
    moved = (shape[0], shape[-1], *shape[1:-1]) if layout == FIRST else (shape[0], *shape[2:], shape[1])
    return {FIRST: LAST, LAST: FIRST}[layout] if moved == other else NONE


def exit_of(structure: Structure, number: int, count: int) -> str:
    """Where a model's output has its channels. number: of the output; count: its axes. Models that hold channels alike must
    return images alike, so for them it is the layout of the model."""
    usual = structure.channels if count >= IMAGE else NONE
    if structure.natural or count < SIGNAL:
        return usual
    source, turn = structure.exits[number] if number < len(structure.exits) else (-1, "")
    taken = given_input(source)
    if taken is not None:
        return flipped(entry(structure, taken, count), turn)
    if source >= 0 and len(structure.calls[source].outputs[0]) == count:
        return flipped(structure.axes.given[source], turn)
    for place in reversed(range(len(structure.calls))):
        outputs = structure.calls[place].outputs
        if layout := _alike(structure.outputs[number], outputs[0] if outputs else (), structure.axes.given[place]):
            return layout
    return usual


def row(structure: Structure, number: int) -> Shape | None:
    """The shape of the image, channels last, if an output is one flattened with channels last; None otherwise."""
    source, turn = structure.exits[number] if number < len(structure.exits) else (-1, "")
    if structure.natural or source < 0:
        return None
    flattened = flattened_rows.left(structure, source, turn, structure.outputs[number][1])
    return flattened.image if flattened is not None and flattened.order == LAST else None
