"""Owns where the channels stand in the tensors that a model's layers take and give: first, last, or nowhere.

A layer that knows says it; any other has them where the tensor that it takes has them. It refuses to look at numbers: what
feeds what, and which tensors were turned on the way, the worker found out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parity.execution.own_model.layers import Call, OwnLayer, Shape, given_input

FIRST, LAST, STEPS, NONE = "first", "last", "steps", ""
SWAP = "swap"
"""STEPS: a sequence whose features were moved behind the batch, so that its steps are last."""
IMAGE = 4
"""Axes of a batch of images. With more axes (video) channels move as with images; with fewer the layers must say."""
SIGNAL = IMAGE - 1
"""Axes of a batch of signals (one-dimensional convolutions), or of sequences, whose features are last in every framework."""
FEATURES_LAST = (
    *("dense", "layer_norm", "embedding", "lstm", "gru", "simple_rnn", "lstm_cell", "gru_cell"),
    *("multi_head_attention", "bidirectional"),
)
"""Kinds whose features are the last axis, whatever the framework."""


@dataclass(frozen=True)
class Axes:
    """For each call where its first input and its first output have their channels."""

    taken: tuple[str, ...]
    given: tuple[str, ...]


def flipped(layout: str, turn: str) -> str:
    """Where the channels stand once one axis was moved: `last` the second one to the end, `first` the last one forward,
    `swap` both of a signal exchanged."""
    if not turn:
        return layout
    if turn == SWAP:
        return {FIRST: LAST, LAST: FIRST, NONE: STEPS, STEPS: NONE}[layout]
    return {(FIRST, LAST): LAST, (LAST, FIRST): FIRST}.get((layout, turn), NONE)


def of(leaves: Mapping[str, OwnLayer], calls: Sequence[Call], usual: str) -> Axes:
    """Along the run. usual: where images have their channels if nothing says."""
    taken, given = list[str](), list[str]()
    shapes: dict[Shape, int] = {}
    for place, call in enumerate(calls):
        leaf = leaves[call.leaf]
        taken.append(_taken(leaf, call, calls, given, shapes, usual))
        given.append(_given(leaf, call, taken[place], usual))
        if call.outputs:
            shapes[call.outputs[0]] = place
    for place in reversed(range(len(calls))):  # a signal that nothing says where it comes from: what takes it may know
        source = _source(calls[place])
        untold = source >= 0 and not given[source] and taken[place] and not any(calls[place].turns[:1])
        if not untold:
            continue
        leaf = leaves[calls[source].leaf]
        if leaf.kind == "permute":
            given[source] = taken[place]
            taken[source] = taken[source] or _before(leaf, given[source])
        elif _open(leaf, calls[source]):
            given[source] = taken[place]
            taken[source] = taken[source] or given[source]
    return Axes(tuple(taken), tuple(given))


def _open(leaf: OwnLayer, call: Call) -> bool:
    """Whether nothing tells where a layer has a signal's channels: it gives what it takes, number by number, or reshapes."""
    if not call.inputs or not call.outputs or len(call.outputs[0]) != SIGNAL:
        return False
    same = call.inputs[0] == call.outputs[0] or len(call.inputs[0]) == 2
    return same and leaf.kind not in FEATURES_LAST and "channels" not in leaf.settings


def _source(call: Call) -> int:
    return call.sources[0] if call.sources else -1


def _taken(
    leaf: OwnLayer, call: Call, calls: Sequence[Call], given: Sequence[str], shapes: Mapping[Shape, int], usual: str
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
        return flipped(given[source], call.turns[0] if call.turns else "")
    if source < 0 and given_input(source) is None and shape in shapes:
        return given[shapes[shape]]
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
    """A norm over whole images, whose scale has several axes, takes them as its framework has them."""
    whole = leaf.kind == "layer_norm" and any(len(weight.shape) > 1 for weight in leaf.weights)
    return leaf.kind in FEATURES_LAST and not leaf.own and not whole


def _said(leaf: OwnLayer, shape: Shape) -> str:
    """What a layer says; one that is the user's own way of computing may take its tensors otherwise than its class."""
    return "" if leaf.own or len(shape) < SIGNAL else str(leaf.settings.get("channels", ""))


def _before(leaf: OwnLayer, given: str) -> str:
    """Where the channels stood before a layer moved them there; the inverse of `_permuted`."""
    order = list(leaf.settings["order"])
    place = {FIRST: 0, LAST: len(order) - 1}.get(given)
    return NONE if place is None else {1: FIRST, len(order): LAST}.get(order[place], NONE)


def _permuted(leaf: OwnLayer, taken: str) -> str:
    """A layer that does nothing but move axes. Where channels end up between others, nobody has them."""
    order = list(leaf.settings["order"])
    channels = {FIRST: 1, LAST: len(order)}.get(taken)
    if channels is None:
        return NONE
    return {0: FIRST, len(order) - 1: LAST}.get(order.index(channels), NONE)
