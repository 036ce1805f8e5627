"""Owns Keras's answers to the atlas about calling recurrent layers and attention.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.answers import Answer, Inputs, t


def _activated(inputs: Inputs) -> Array:
    layer = layers.SimpleRNN(1, use_bias=False)
    layer.build((None, None, 1))
    layer.set_weights([inputs["kernel"][None].astype(np.float32), inputs["recurrent"][None].astype(np.float32)])
    return model.array(layer(t(inputs["x"])[None, :, None]))


def _last(inputs: Inputs) -> float:
    """Whether the last output of the backward direction depends on the first time step."""
    layer, x = layers.Bidirectional(layers.LSTM(5)), np.array(inputs["x"])
    before = model.array(layer(t(x)))
    x[:, 0] += 1
    return float((model.array(layer(t(x)))[:, 5:] != before[:, 5:]).any())


def _mask(inputs: Inputs) -> float:
    """A layer without recurrence, equal inputs: 0 if outputs differ, 1 if time steps are equal, 2 if no mask is drawn."""
    layer = layers.SimpleRNN(32, dropout=0.5, return_sequences=True, recurrent_initializer="zeros")
    out, other = (model.array(layer(t(inputs["x"]), training=True)) for _ in range(2))
    return float((out == out[:, :1]).all()) + float((out == other).all())


def _padded(inputs: Inputs) -> float:
    layer, x = layers.LSTM(5, return_sequences=True), t(inputs["x"])
    out = model.array(layer(x, mask=ops.convert_to_tensor([[True, True, False]])))[0]
    return float((out[2] == out[1]).all()) + 2 * float((out[2] == model.array(layer(x))[0, 2]).all())


def _returned(inputs: Inputs) -> int:
    found = layers.LSTM(5)(t(inputs["x"]))
    return len(found) if isinstance(found, (list, tuple)) else 1


def _second(inputs: Inputs) -> Array:
    layer, query = layers.MultiHeadAttention(1, 1, use_bias=False), ops.zeros((1, 1, 1))
    second, third = (t(inputs[name])[None, :, None] for name in ("second", "third"))
    layer(query, second, third)
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    return model.array(layer(query, second, third))


def _heads(inputs: Inputs, **arguments: Any) -> Any:
    x = t(inputs["x"])
    return layers.MultiHeadAttention(2, 4)(x, x, **arguments)


def _out_kernel(_: Inputs) -> Array:
    keras.utils.set_random_seed(0)
    layer, x = layers.MultiHeadAttention(4, 24), np.zeros((1, 3, 96), np.float32)
    layer(x, x)
    return np.asarray(layer.get_weights()[-2]).reshape(-1, 96)


def _attended(inputs: Inputs, **arguments: Any) -> Array:
    values = t(inputs["values"])[None, :, None, None]
    return model.array(ops.dot_product_attention(ops.zeros((1, 1, 1, 1)), ops.zeros(values.shape), values, **arguments))


def _dropped(inputs: Inputs) -> float:
    x = t(inputs["x"])
    return float(np.abs(model.array(layers.Attention(dropout=0.75)([x, x]) - x)).max() > 0.01)


CALLS: Mapping[str, Answer] = {
    "rnn.activation": _activated,
    "bidirectional.last": _last,
    "rnn.dropout_mask": _mask,
    "lstm.padded_output": _padded,
    "lstm.returns": _returned,
    "lstm.unbatched": lambda inputs: layers.LSTM(5)(t(inputs["x"])).shape,
    "multi_head_attention.second_argument": _second,
    "multi_head_attention.returns": lambda inputs: len(found) if isinstance(found := _heads(inputs), tuple) else 1,
    "multi_head_attention.weights": lambda inputs: _heads(inputs, return_attention_scores=True)[1].shape,
    "multi_head_attention.out_kernel": _out_kernel,
    "attention.causal": lambda inputs: _attended(inputs, is_causal=True),
    "attention.dropout_mode": _dropped,
    "attention.number_mask": lambda inputs: _attended(inputs, mask=t(inputs["mask"])[None, None, None]),
}
