"""Owns the weights of a layer of a user's Keras model, with their roles, and its parts that are layers in other frameworks.

It refuses to read or to write their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import keras
from keras import layers

from parity.execution.own_model.layers import OwnLayer, Weight
from parity.keras_impl.own_model.kinds import GATES, derived, inner, kind_of, layout_of


def weights_of(layer: Any, names: Mapping[int, str]) -> Iterator[Weight]:
    """The weights of a layer. names: id of a variable -> its name in the model."""
    if gates := GATES.get(type(inner(layer))):
        weights = [(role, item, layout, rows, gates) for role, item, layout, rows in _recurrent(layer)]
    elif isinstance(layer, keras.layers.MultiHeadAttention):
        weights = [(*item, "") for item in _attention(layer)]
    else:
        yield from _own(layer, names)
        return
    for role, item, layout, rows, gates in weights:
        yield Weight(role, names[id(item)], tuple(item.shape), layout, rows, gates, bool(item.trainable))


def _own(layer: Any, names: Mapping[int, str]) -> Iterator[Weight]:
    kind = kind_of(layer)
    places = {id(getattr(layer, own)): place for own, place in kind.weights.items()} if kind else {}
    within = {id(variable) for child in layer._layers for variable in child.variables} if derived(layer) else set()
    for variable in layer.variables:
        if id(variable) in names and id(variable) not in within:
            role, layout = places.get(id(variable), (variable.path.split("/")[-1], ""))
            layout = layout_of(layout, len(variable.shape))
            yield Weight(role, names[id(variable)], tuple(variable.shape), layout, trainable=bool(variable.trainable))


def parts_of(layer: Any, whole: OwnLayer, names: Mapping[int, str]) -> list[OwnLayer]:
    """The leaf, after the layers that its call computes beside it."""
    if not isinstance(layer, layers.SeparableConv2D):
        return [whole]
    depthwise, pointwise = ("kernel", "h w i m -> (i m) 1 h w"), ("kernel", "h w i o -> o i h w")
    parts = {"depthwise": {"depthwise_kernel": depthwise}, "": {"pointwise_kernel": pointwise, "bias": ("bias", "")}}
    own_parts = []
    for part, places in parts.items():
        owned = [(getattr(layer, own), role, layout) for own, (role, layout) in places.items()]
        weights = tuple(
            Weight(role, names[id(item)], tuple(item.shape), layout, trainable=bool(item.trainable))
            for item, role, layout in owned
            if item is not None
        )
        name = f"{whole.name}#{part}" if part else whole.name
        own_parts.append(replace(whole, name=name, weights=weights, within=whole.name if part else ""))
    return own_parts


def _recurrent(layer: Any) -> Iterator[tuple[str, Any, str, tuple[int, int] | None]]:
    """(role, variable, layout, rows) of an LSTM or GRU, or of a bidirectional pair, whose reverse direction has `back` roles. A
    GRU with reset_after has two biases in one variable."""
    both = isinstance(layer, layers.Bidirectional)
    for begin, cell in {"0": inner(layer).cell, **({"0back": layer.backward_layer.cell} if both else {})}.items():
        yield f"{begin}.kernel", cell.kernel, "i o -> o i", None
        yield f"{begin}.recurrent_kernel", cell.recurrent_kernel, "i o -> o i", None
        if cell.bias is None:
            continue
        if len(cell.bias.shape) == 1:
            yield f"{begin}.bias", cell.bias, "", None
        else:
            yield f"{begin}.bias", cell.bias, "1 o -> o", (0, 1)
            yield f"{begin}.recurrent_bias", cell.bias, "1 o -> o", (1, 2)


def _attention(layer: Any) -> Iterator[tuple[str, Any, str, tuple[int, int] | None]]:
    """(role, variable, layout, rows) of multi-head attention: Keras has two axes for heads and their size."""
    for part in ("query", "key", "value"):
        dense = getattr(layer, f"{part}_dense")
        yield f"{part}.kernel", dense.kernel, "i h d -> (h d) i", None
        if dense.bias is not None:
            yield f"{part}.bias", dense.bias, "h d -> (h d)", None
    yield "output.kernel", layer.output_dense.kernel, "h d o -> o (h d)", None
    if layer.output_dense.bias is not None:
        yield "output.bias", layer.output_dense.bias, "", None
