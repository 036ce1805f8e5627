"""Owns MXNet's answers to the atlas about recurrent layers.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, started, t
from parity.mxnet_impl.device import mxnet

autograd, nd, rnn = mxnet.autograd, mxnet.nd, mxnet.gluon.rnn


def _recurrent(layer: Any, inputs: Inputs) -> Array:
    layer.initialize(mxnet.init.Zero())
    values = layer.collect_params()
    (kernel,) = (value for name, value in values.items() if name.endswith("i2h_weight"))
    (recurrent,) = (value for name, value in values.items() if name.endswith("h2h_weight"))
    kernel.set_data(t(inputs["kernel"])[:, None])
    recurrent.set_data(t(inputs["recurrent"])[:, None])
    if "bias" in inputs:
        (bias,) = (value for name, value in values.items() if name.endswith("h2h_bias"))
        bias.set_data(t(inputs["bias"]))
    return np.asarray(layer(t(inputs["x"])[:, None, None]).asnumpy().ravel())


def _states(layer: Any) -> Any:
    return layer(nd.zeros((3, 2, 4)), layer.begin_state(batch_size=2))[1][0]


def _count(layer: Any) -> int:
    started(layer)
    return sum(int(np.prod(value.shape)) for value in layer.collect_params().values())


def _activated(inputs: Inputs) -> Array:
    layer = rnn.RNN(1, input_size=1)
    layer.initialize(mxnet.init.Zero())
    (kernel,) = (value for name, value in layer.collect_params().items() if name.endswith("i2h_weight"))
    kernel.set_data(t(inputs["kernel"])[:, None])
    return np.asarray(layer(t(inputs["x"])[:, None, None]).asnumpy())


def _last(inputs: Inputs) -> float:
    """Whether the last output of the backward direction depends on the first time step."""
    layer, x = started(rnn.LSTM(5, bidirectional=True, layout="NTC")), np.array(inputs["x"])
    before = layer(t(x)).asnumpy()
    x[:, 0] += 1
    return float((layer(t(x)).asnumpy()[:, -1, 5:] != before[:, -1, 5:]).any())


def _mask(inputs: Inputs) -> float:
    """Two layers without recurrence, equal inputs: 0 if outputs differ, 1 if time steps are equal, 2 if no mask is drawn."""
    layer = started(rnn.RNN(32, num_layers=2, dropout=0.5, activation="tanh", layout="NTC", h2h_weight_initializer="zeros"))
    with autograd.record():
        out, other = (layer(t(inputs["x"])).asnumpy() for _ in range(2))
    return float((out == out[:, :1]).all()) + float((out == other).all())


def _padded(inputs: Inputs) -> float:
    layer = started(rnn.LSTM(5, use_sequence_length=True))
    x = t(inputs["x"]).transpose((1, 0, 2))
    out, whole = (layer(x, layer.begin_state(batch_size=1), nd.array([length]))[0].asnumpy()[:, 0] for length in (2, 3))
    return float((out[2] == out[1]).all()) + 2 * float((out[2] == whole[2]).all())


def _returned(inputs: Inputs) -> int:
    outputs = started(rnn.LSTM(5))(t(inputs["x"]))
    return len(outputs) if isinstance(outputs, (list, tuple)) else 1


ANSWERS: Mapping[str, Answer] = {
    "lstm.gate_order": lambda inputs: _recurrent(rnn.LSTM(1, input_size=1), inputs),
    "gru.form": lambda inputs: _recurrent(rnn.GRU(1, input_size=1), inputs),
    "lstm.count": lambda _: _count(rnn.LSTM(5, input_size=3)),
    "gru.count": lambda _: _count(rnn.GRU(5, input_size=3)),
    "rnn.count": lambda _: _count(rnn.RNN(5, input_size=3)),
    "lstm.outputs": lambda _: started(rnn.LSTM(5))(nd.zeros((3, 2, 4))).ndim,
    "lstm.bidirectional_width": lambda _: started(rnn.LSTM(5, bidirectional=True))(nd.zeros((3, 2, 4))).shape[-1],
    "lstm.time_axis": lambda _: _states(started(rnn.LSTM(5))).shape[1],
    "rnn.activation": _activated,
    "bidirectional.last": _last,
    "rnn.dropout_mask": _mask,
    "lstm.padded_output": _padded,
    "lstm.returns": _returned,
    "lstm.unbatched": lambda inputs: started(rnn.LSTM(5))(t(inputs["x"])).shape,
}
