"""Owns MXNet's answers to the atlas about calling recurrent layers. It has no attention layer.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.answers import Answer, Inputs, started, t
from parity.mxnet_impl.device import mxnet

nd, autograd, rnn = mxnet.nd, mxnet.autograd, mxnet.gluon.rnn


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
    found = started(rnn.LSTM(5))(t(inputs["x"]))
    return len(found) if isinstance(found, (list, tuple)) else 1


CALLS: Mapping[str, Answer] = {
    "rnn.activation": _activated,
    "bidirectional.last": _last,
    "rnn.dropout_mask": _mask,
    "lstm.padded_output": _padded,
    "lstm.returns": _returned,
    "lstm.unbatched": lambda inputs: started(rnn.LSTM(5))(t(inputs["x"])).shape,
}
