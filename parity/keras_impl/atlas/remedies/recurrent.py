"""Owns what the atlas advises for Keras about recurrent layers, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keras import layers, ops

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, t

KERNEL, RECURRENT, BIAS = (np.sin(np.arange(count)).astype(np.float32) for count in (60, 100, 20))
SEQUENCE = np.cos(np.arange(18)).astype(np.float32).reshape(2, 3, 3)


def _gates(inputs: Inputs) -> Array:
    """The other frameworks' GRU in Keras: the first two of the three blocks of gates swap places."""
    layer, swapped = layers.GRU(1, reset_after=True, return_sequences=True), [1, 0, 2]
    layer.build((None, None, 1))
    kernel, recurrent, bias = (np.asarray(inputs[name], np.float32)[swapped] for name in ("kernel", "recurrent", "bias"))
    layer.set_weights([kernel[None], recurrent[None], np.stack([0 * bias, bias])])
    return model.array(layer(t(inputs["x"])[None, :, None])).ravel()


def _one_bias(make: Callable[..., Any], blocks: int) -> Any:
    layer = make(5, return_sequences=True)
    layer.build((None, None, 3))
    kernel, recurrent = KERNEL[: blocks * 15].reshape(-1, 3).T, RECURRENT[: blocks * 25].reshape(-1, 5).T
    layer.set_weights([kernel, recurrent, BIAS[: blocks * 5] + 2 * BIAS[: blocks * 5]])
    return layer(SEQUENCE)


def _activated(inputs: Inputs) -> Any:
    layer = layers.SimpleRNN(1, activation="relu", use_bias=False)
    layer.build((None, None, 1))
    layer.set_weights([inputs["kernel"][None].astype(np.float32), inputs["recurrent"][None].astype(np.float32)])
    return layer(t(inputs["x"])[None, :, None])


def _returned(inputs: Inputs) -> int:
    out, *states = layers.LSTM(5, return_state=True)(t(inputs["x"]))
    return len([out, states])


def _padded(inputs: Inputs) -> float:
    layer, x = layers.LSTM(5, return_sequences=True, zero_output_for_mask=True), t(inputs["x"])
    out = model.array(layer(x, mask=ops.convert_to_tensor([[True, True, False]])))[0]
    return float((out[2] == out[1]).all()) + 2 * float((out[2] == model.array(layer(x))[0, 2]).all())


REMEDIES: Mapping[str, Answer] = {
    "gru.form@torch": _gates,
    "lstm.count@torch": lambda _: _one_bias(layers.LSTM, 4),
    "rnn.count@torch": lambda _: _one_bias(layers.SimpleRNN, 1),
    "lstm.outputs@torch": lambda _: layers.LSTM(5, return_sequences=True)(np.zeros((2, 3, 4), np.float32)).ndim,
    "rnn.activation@mxnet": _activated,
    "lstm.padded_output@torch": _padded,
    "lstm.returns@torch": _returned,
    "lstm.unbatched@alike": lambda inputs: layers.LSTM(5, return_sequences=True)(t(inputs["x"])[None]).shape,
}
