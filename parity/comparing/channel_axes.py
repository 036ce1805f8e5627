"""Owns the place of the channel axis in the tensors that a model's layers take and give: first, last, or nowhere.

Some layers state it in their settings. Any other layer has its channels where the tensor that it takes has them. It refuses to
look at numbers: the worker found out which layer feeds which, and which tensors had their axes moved on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parity.execution.own_model.layers import Call, OwnLayer, Shape, given_input

FIRST, LAST, STEPS, NONE = "first", "last", "steps", ""
SWAP = "swap"
"""The turn that exchanges the two axes behind the batch. STEPS above: a sequence whose features were moved behind the batch,
so that its time steps are last."""
IMAGE = 4
"""Number of axes of a batch of images. Tensors with more axes (video) are treated like images; for tensors with fewer axes the
layers must state where the channels are."""
SIGNAL = IMAGE - 1
"""Number of axes of a batch of signals (for one-dimensional convolutions) or of sequences. Every framework has the features of
a sequence last."""
FEATURES_LAST = (
    *("dense", "layer_norm", "embedding", "lstm", "gru", "simple_rnn", "lstm_cell", "gru_cell"),
    *("multi_head_attention", "bidirectional"),
)
"""Kinds of layers whose features are the last axis in every framework."""


@dataclass(frozen=True)
class Axes:
    """For each call, in order: where its first input (`taken`) and its first output (`given`) have their channels."""

    taken: tuple[str, ...]
    given: tuple[str, ...]


def flipped(layout: str, turn: str) -> str:
    """Where the channels stand after one axis was moved. turn: `last` moved the second axis to the end, `first` moved the last
    axis behind the batch, `swap` exchanged both axes of a signal."""
    if not turn:
        return layout
    if turn == SWAP:
        return {FIRST: LAST, LAST: FIRST, NONE: STEPS, STEPS: NONE}[layout]
    return {(FIRST, LAST): LAST, (LAST, FIRST): FIRST}.get((layout, turn), NONE)


def of(leaves: Mapping[str, OwnLayer], calls: Sequence[Call], usual: str) -> Axes:
    """The place of the channels for every call of a run. usual: where images have their channels if no layer states it."""
    taken, given_axes = list[str](), list[str]()
    shapes: dict[Shape, int] = {}
    for place, call in enumerate(calls):
        leaf = leaves[call.leaf]
        taken.append(_taken(leaf, call, calls, given_axes, shapes, usual))
        given_axes.append(_given(leaf, call, taken[place], usual))
        if call.outputs:
            shapes[call.outputs[0]] = place
    for place in reversed(range(len(calls))):  # a signal whose layout its source does not state: the layer that takes it may
        source = _source(calls[place])
        untold = source >= 0 and not given_axes[source] and taken[place] and not any(calls[place].turns[:1])
        if not untold:
            continue
        leaf = leaves[calls[source].leaf]
        if leaf.kind == "permute":
            given_axes[source] = taken[place]
            taken[source] = taken[source] or _before(leaf, given_axes[source])
        elif _open(leaf, calls[source]):
            given_axes[source] = taken[place]
            taken[source] = taken[source] or given_axes[source]
    return Axes(tuple(taken), tuple(given_axes))


def _open(leaf: OwnLayer, call: Call) -> bool:
    """Whether a layer leaves open where its signal has the channels: it works number by number, or it reshapes a row."""
    if not call.inputs or not call.outputs or len(call.outputs[0]) != SIGNAL:
        return False
    same = call.inputs[0] == call.outputs[0] or len(call.inputs[0]) == 2
    return same and leaf.kind not in FEATURES_LAST and "channels" not in leaf.settings


def _source(call: Call) -> int:
    return call.sources[0] if call.sources else -1


def _taken(
    leaf: OwnLayer, call: Call, calls: Sequence[Call], arrays: Sequence[str], shapes: Mapping[Shape, int], usual: str
) -> str:
    shape = call.inputs[0] if call.inputs else ()
    if len(shape) < SIGNAL:
        return NONE
    if said := _said(leaf, shape):
        return said
    if _features_last(leaf) and not (call.outputs and len(call.outputs[0]) == 2):  # MXNet's dense flattens what it takes
        return NONE
    source = _source(call)
    if leaf.kind == "permute" and source < 0 and len(shape) >= IMAGE:
        return {1: FIRST}.get(leaf.settings["order"][-1], LAST)
    if source >= 0 and len(calls[source].outputs[0]) == len(shape):
        return flipped(arrays[source], call.turns[0] if call.turns else "")
    if source < 0 and given_input(source) is None and shape in shapes:
        return arrays[shapes[shape]]
    return usual if len(shape) >= IMAGE else NONE


def _given(leaf: OwnLayer, call: Call, taken: str, usual: str) -> str:
    shape = call.outputs[0] if call.outputs else ()
    if len(shape) < SIGNAL:
        return NONE
    if leaf.kind == "permute":
        return _permuted(leaf, taken)
    if said := _said(leaf, shape):
        return said
    if _features_last(leaf):
        return NONE
    if call.inputs and len(call.inputs[0]) == len(shape):
        return taken
    return usual if len(shape) >= IMAGE else NONE


def _features_last(leaf: OwnLayer) -> bool:
    """Whether a layer has its features in the last axis. A norm over whole images (its scale has several axes) has not: it
    takes images as its framework holds them."""
    whole = leaf.kind == "layer_norm" and any(len(weight.shape) > 1 for weight in leaf.weights)
    return leaf.kind in FEATURES_LAST and not leaf.own and not whole


def _said(leaf: OwnLayer, shape: Shape) -> str:
    """The place of the channels that a layer states; "" for none. A class of the user's own is not believed: it may take its
    tensors otherwise than the native class that it derives from."""
    return "" if leaf.own or len(shape) < SIGNAL else str(leaf.settings.get("channels", ""))


def _before(leaf: OwnLayer, layout: str) -> str:
    """Where the channels stood before a layer moved them there; the inverse of `_permuted`."""
    order = list(leaf.settings["order"])
    place = {FIRST: 0, LAST: len(order) - 1}.get(layout)
    return NONE if place is None else {1: FIRST, len(order): LAST}.get(order[place], NONE)


def _permuted(leaf: OwnLayer, taken: str) -> str:
    """Where the channels stand behind a layer that only moves axes; NONE if they end up between other axes."""
    order = list(leaf.settings["order"])
    channels = {FIRST: 1, LAST: len(order)}.get(taken)
    if channels is None:
        return NONE
    return {0: FIRST, len(order) - 1: LAST}.get(order.index(channels), NONE)
