"""Owns Keras's answers to the atlas about attention.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import layers, ops

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, t


def _attention(inputs: Inputs) -> Array:
    layer = layers.MultiHeadAttention(1, 1, use_bias=False)
    keys = t(inputs["values"])[None, :, None]
    query = ops.zeros((1, 1, 1))
    layer(query, keys)
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    return model.array(layer(query, keys, attention_mask=inputs["mask"][None])).ravel()


def _masked(inputs: Inputs) -> Array:
    mask = ops.convert_to_tensor(inputs["mask"])[None, None]
    query, key, value = ops.zeros((1, 1, 1, 1)), ops.zeros((1, 2, 1, 1)), t(inputs["values"])[None, :, None, None]
    return model.array(ops.dot_product_attention(query, key, value, mask=mask)).ravel()


def _attends(inputs: Inputs) -> list[float]:
    layer, x = layers.MultiHeadAttention(1, 2, use_bias=False), t(inputs["x"])
    layer(x, x)
    layer.set_weights([np.arange(1, 1 + w.size, dtype=np.float32).reshape(w.shape) / 20 for w in layer.get_weights()])
    other = inputs["x"].copy()
    other[0, 0] += 1
    changed = (model.array(layer(x, x)) != model.array(layer(t(other), t(other)))).any(-1)
    return [float(changed[1, 0]), float(changed[0, 1])]


def _all_masked(inputs: Inputs) -> Array:
    layer, keys, query = (
        layers.MultiHeadAttention(1, 1, use_bias=False),
        t(inputs["values"])[None, :, None],
        ops.zeros((1, 1, 1)),
    )
    layer(query, keys)
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    return model.array(layer(query, keys, attention_mask=np.zeros((1, 1, 2), bool))).ravel()


def _queries(_: Inputs) -> int:
    layer, x = layers.MultiHeadAttention(2, 8), np.zeros((1, 3, 8), np.float32)
    layer(x, x)
    return int(np.prod(layer.get_weights()[0].shape[1:]))


def _second(inputs: Inputs) -> Array:
    layer, query = layers.MultiHeadAttention(1, 1, use_bias=False), ops.zeros((1, 1, 1))
    second, third = (t(inputs[name])[None, :, None] for name in ("second", "third"))
    layer(query, second, third)
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    return model.array(layer(query, second, third))


def _heads(inputs: Inputs, **arguments: Any) -> Any:
    x = t(inputs["x"])
    return layers.MultiHeadAttention(2, 4)(x, x, **arguments)


def _attended(inputs: Inputs, **arguments: Any) -> Array:
    values = t(inputs["values"])[None, :, None, None]
    return model.array(ops.dot_product_attention(ops.zeros((1, 1, 1, 1)), ops.zeros(values.shape), values, **arguments))


def _dropped(inputs: Inputs) -> float:
    x = t(inputs["x"])
    return float(np.abs(model.array(layers.Attention(dropout=0.75)([x, x]) - x)).max() > 0.01)


ANSWERS: Mapping[str, Answer] = {
    "attention.mask_true": _masked,
    "attention.fully_masked": _masked,
    "multi_head_attention.mask_true": _attention,
    "attention.scale": lambda inputs: layers.Attention()([t(inputs[name])[None] for name in ("q", "v", "k")]),
    "multi_head_attention.size_means": _queries,
    "multi_head_attention.time_axis": _attends,
    "multi_head_attention.fully_masked": _all_masked,
    "multi_head_attention.second_argument": _second,
    "multi_head_attention.returns": lambda inputs: len(outputs) if isinstance(outputs := _heads(inputs), tuple) else 1,
    "multi_head_attention.weights": lambda inputs: _heads(inputs, return_attention_scores=True)[1].shape,
    "attention.causal": lambda inputs: _attended(inputs, is_causal=True),
    "attention.dropout_mode": _dropped,
    "attention.number_mask": lambda inputs: _attended(inputs, mask=t(inputs["mask"])[None, None, None]),
}
