"""Owns Keras's answers to the atlas about recurrent layers.

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


def _recurrent(layer: Any, inputs: Inputs) -> Array:
    layer.build((None, None, 1))
    weights = [np.zeros(weight.shape, np.float32) for weight in layer.get_weights()]
    weights[0][0], weights[1][0] = inputs["kernel"], inputs["recurrent"]
    if "bias" in inputs:
        weights[2][1] = inputs["bias"]
    layer.set_weights(weights)
    return model.array(layer(t(inputs["x"])[None, :, None])).ravel()


def _count(layer: Any) -> int:
    layer.build((None, None, 3))
    return int(layer.count_params())


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
    outputs = layers.LSTM(5)(t(inputs["x"]))
    return len(outputs) if isinstance(outputs, (list, tuple)) else 1


ANSWERS: Mapping[str, Answer] = {
    "lstm.gate_order": lambda inputs: _recurrent(layers.LSTM(1, return_sequences=True), inputs),
    "gru.form": lambda inputs: _recurrent(layers.GRU(1, return_sequences=True), inputs),
    "lstm.count": lambda _: _count(layers.LSTM(5)),
    "gru.count": lambda _: _count(layers.GRU(5)),
    "rnn.count": lambda _: _count(layers.SimpleRNN(5)),
    "lstm.outputs": lambda _: layers.LSTM(5)(np.zeros((2, 3, 4), np.float32)).ndim,
    "lstm.bidirectional_width": lambda _: layers.Bidirectional(layers.LSTM(5))(np.zeros((2, 3, 4), np.float32)).shape[-1],
    "lstm.time_axis": lambda _: layers.LSTM(5)(np.zeros((3, 2, 4), np.float32)).shape[0],
    "rnn.activation": _activated,
    "bidirectional.last": _last,
    "rnn.dropout_mask": _mask,
    "lstm.padded_output": _padded,
    "lstm.returns": _returned,
    "lstm.unbatched": lambda inputs: layers.LSTM(5)(t(inputs["x"])).shape,
}
