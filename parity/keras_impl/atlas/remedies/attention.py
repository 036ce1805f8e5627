"""Owns what the atlas advises for Keras about attention, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import layers, ops

from parity.keras_impl.atlas.asking import Answer, Inputs, t


def ones(layer: Any, *arguments: Any, **named: Any) -> Any:
    layer(*arguments, **named)
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    return layer(*arguments, **named)


def _attention(inputs: Inputs) -> Any:
    keys, mask = t(inputs["values"])[None, :, None], np.asarray(inputs["mask"])
    return ones(layers.MultiHeadAttention(1, 1, use_bias=False), ops.zeros((1, 1, 1)), keys, attention_mask=~mask[None])


def _attended(inputs: Inputs, **arguments: Any) -> Any:
    values = t(inputs["values"])[None, :, None, None]
    return ops.dot_product_attention(ops.zeros((1, 1, 1, 1)), ops.zeros(values.shape), values, **arguments)


def _whole_row(inputs: Inputs) -> Any:
    mask = ops.zeros((1, 1, 1, 2), "bool")
    return ops.where(ops.any(mask, -1), ops.reshape(_attended(inputs, mask=mask), (-1,)), 0)


def _whole_layer_row(inputs: Inputs) -> Any:
    mask, keys = ops.zeros((1, 1, 2), "bool"), t(inputs["values"])[None, :, None]
    out = ones(layers.MultiHeadAttention(1, 1, use_bias=False), ops.zeros((1, 1, 1)), keys, attention_mask=mask)
    return ops.where(ops.any(mask, -1), ops.reshape(out, (-1,)), 0)


def _scaled(inputs: Inputs) -> Any:
    q, v, k = (t(inputs[name])[None] for name in ("q", "v", "k"))
    features = 4
    return layers.Attention()([q / features**0.5, v, k])


def _named(inputs: Inputs) -> Any:
    second, third = (t(inputs[name])[None, :, None] for name in ("second", "third"))
    return ones(layers.MultiHeadAttention(1, 1, use_bias=False), query=ops.zeros((1, 1, 1)), key=second, value=third)


def _heads(inputs: Inputs) -> Any:
    x = t(inputs["x"])
    return layers.MultiHeadAttention(2, 4)(x, x, return_attention_scores=True)


def _queries(_: Inputs) -> int:
    embed_dim, num_heads = 8, 2
    layer, x = layers.MultiHeadAttention(num_heads, key_dim=embed_dim // num_heads), np.zeros((1, 3, 8), np.float32)
    layer(x, x)
    return int(np.prod(layer.get_weights()[0].shape[1:]))


REMEDIES: Mapping[str, Answer] = {
    "multi_head_attention.mask_true@torch": _attention,
    "attention.fully_masked@alike": _whole_row,
    "multi_head_attention.fully_masked@alike": _whole_layer_row,
    "attention.scale@torch": _scaled,
    "multi_head_attention.second_argument@torch": _named,
    "multi_head_attention.returns@torch": lambda inputs: len(_heads(inputs)),
    "multi_head_attention.weights@torch": lambda inputs: ops.mean(_heads(inputs)[1], axis=1).shape,
    "attention.number_mask@torch": lambda inputs: _attended(inputs, bias=t(inputs["mask"])[None, None, None]),
    "multi_head_attention.size_means@torch": _queries,
}
