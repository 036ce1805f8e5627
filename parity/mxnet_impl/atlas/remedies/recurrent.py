"""Owns what the atlas advises for MXNet about recurrent layers, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, started, t
from parity.mxnet_impl.atlas.remedies.building import n
from parity.mxnet_impl.device import mxnet

autograd, init, nd, nn, rnn = mxnet.autograd, mxnet.init, mxnet.nd, mxnet.gluon.nn, mxnet.gluon.rnn
KERNEL, RECURRENT, BIAS = (nd.array(np.sin(np.arange(count))) for count in (60, 100, 20))
SEQUENCE = nd.array(np.cos(np.arange(18)).reshape(2, 3, 3))


def _filled(layer: Any, **values: Any) -> Any:
    layer.initialize(init.Zero())
    for ending, value in values.items():
        (item,) = (parameter for name, parameter in layer.collect_params().items() if name.endswith(ending))
        item.set_data(value)
    return layer


def _gates(inputs: Inputs) -> Array:
    """Keras's GRU in MXNet: the first two of the three blocks of gates swap places."""
    kernel, recurrent, bias = (nd.array(inputs[name][[1, 0, 2]]) for name in ("kernel", "recurrent", "bias"))
    layer = _filled(rnn.GRU(1, input_size=1), i2h_weight=kernel[:, None], h2h_weight=recurrent[:, None], h2h_bias=bias)
    return n(layer(t(inputs["x"])[:, None, None])).ravel()


def _two_biases(layer: Any, blocks: int) -> Array:
    kernel, recurrent = KERNEL[: blocks * 15].reshape((-1, 3)), RECURRENT[: blocks * 25].reshape((-1, 5))
    bias = BIAS[: blocks * 5]
    return n(_filled(layer, i2h_weight=kernel, h2h_weight=recurrent, i2h_bias=bias, h2h_bias=2 * bias)(SEQUENCE))


def _activated(inputs: Inputs) -> Array:
    layer = _filled(rnn.RNN(1, activation="tanh", input_size=1), i2h_weight=t(inputs["kernel"])[:, None])
    return n(layer(t(inputs["x"])[:, None, None]))


def _last(inputs: Inputs) -> float:
    layer, x, units = started(rnn.LSTM(5, bidirectional=True, layout="NTC")), np.array(inputs["x"]), 5
    ends = []
    for _ in range(2):
        out = n(layer(t(x)))
        ends.append(np.concatenate([out[:, -1, :units], out[:, 0, units:]], -1))
        x[:, 0] += 1
    return float((ends[0][:, 5:] != ends[1][:, 5:]).any())


def _masked(inputs: Inputs, **arguments: Any) -> float:
    with autograd.record():
        out, other = (n(nn.Dropout(0.5, **arguments)(t(inputs["x"]))) for _ in range(2))
    return float((out == out[:, :1]).all()) + float((out == other).all())


def _padded(inputs: Inputs) -> float:
    x = t(inputs["x"])
    cell = started(rnn.LSTMCell(5))
    out = n(cell.unroll(3, x, valid_length=nd.array([2]), merge_outputs=True)[0])[0]
    cell.reset()
    whole = n(cell.unroll(3, x, merge_outputs=True)[0])[0]
    return float((out[2] == out[1]).all()) + 2 * float((out[2] == whole[2]).all())


def _returned(inputs: Inputs) -> int:
    layer, x = started(rnn.LSTM(5)), t(inputs["x"])
    return len(layer(x, layer.begin_state(batch_size=2)))


def _time_axis(_: Inputs) -> int:
    layer = started(rnn.LSTM(5, layout="NTC"))
    return int(layer(nd.zeros((3, 2, 4)), layer.begin_state(batch_size=3))[1][0].shape[1])


REMEDIES: Mapping[str, Answer] = {
    "gru.form@keras": _gates,
    "lstm.count@torch": lambda _: _two_biases(rnn.LSTM(5, layout="NTC", input_size=3), 4),
    "rnn.count@torch": lambda _: _two_biases(rnn.RNN(5, activation="tanh", layout="NTC", input_size=3), 1),
    "lstm.time_axis@keras": _time_axis,
    "rnn.activation@torch": _activated,
    "bidirectional.last@keras": _last,
    "rnn.dropout_mask@keras": lambda inputs: _masked(inputs, axes=(1,)),
    "rnn.dropout_mask@torch": _masked,
    "lstm.padded_output@torch": _padded,
    "lstm.returns@torch": _returned,
    "lstm.unbatched@alike": lambda inputs: started(rnn.LSTM(5, layout="NTC"))(t(inputs["x"])[None]).shape,
}
