"""Owns what the atlas advises for MXNet about initializers, and the default initializer of each layer, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, sampled
from parity.mxnet_impl.atlas.remedies.building import n
from parity.mxnet_impl.device import mxnet

init, nd, nn, rnn = mxnet.init, mxnet.nd, mxnet.gluon.nn, mxnet.gluon.rnn


def drawn(start: Any, *shape: int) -> Answer:
    def answer(_: Inputs) -> Array:
        mxnet.random.seed(0)
        w = nd.zeros(shape)
        start(init.InitDesc("weight"), w)
        return n(w)

    return answer


def kernel(make: Callable[..., Any], start: Any, **arguments: Any) -> Answer:
    return sampled(lambda: make(weight_initializer=start, **arguments), "weight")


def units_of(units: int) -> Any:
    return init.Uniform(units**-0.5)


REMEDIES: Mapping[str, Answer] = {
    "dense.kernel@keras": kernel(nn.Dense, init.Xavier(), units=503, in_units=37),
    "dense.kernel@torch": kernel(nn.Dense, init.Xavier(magnitude=1, factor_type="in"), units=503, in_units=37),
    "conv2d.kernel@keras": kernel(nn.Conv2D, init.Xavier(), channels=101, kernel_size=3, in_channels=11),
    "conv2d.kernel@torch": kernel(
        nn.Conv2D, init.Xavier(magnitude=1, factor_type="in"), channels=101, kernel_size=3, in_channels=11
    ),
    "dense.bias@torch": sampled(lambda: nn.Dense(5003, in_units=37, bias_initializer=units_of(37)), "bias"),
    "conv2d.bias_start@torch": sampled(lambda: nn.Conv2D(5003, 3, in_channels=11, bias_initializer=units_of(99)), "bias"),
    "conv_transpose2d.kernel@keras": kernel(nn.Conv2DTranspose, init.Xavier(), channels=101, kernel_size=3, in_channels=11),
    "conv_transpose2d.kernel@torch": kernel(
        nn.Conv2DTranspose, init.Xavier(magnitude=1, factor_type="in"), channels=101, kernel_size=3, in_channels=11
    ),
    "embedding.table@torch": drawn(init.Normal(1.0), 1009, 301),
    "embedding.table@keras": drawn(init.Uniform(0.05), 1009, 301),
    "lstm.kernel@torch": sampled(lambda: rnn.LSTM(67, input_size=37, i2h_weight_initializer=units_of(67)), "i2h_weight"),
    "gru.kernel@torch": sampled(lambda: rnn.GRU(79, input_size=37, i2h_weight_initializer=units_of(79)), "i2h_weight"),
    "rnn.kernel@torch": sampled(lambda: rnn.RNN(307, input_size=37, i2h_weight_initializer=units_of(307)), "i2h_weight"),
    "lstm.recurrent_kernel@torch": drawn(units_of(67), 4 * 67, 67),
    "gru.recurrent_kernel@torch": drawn(units_of(79), 3 * 79, 79),
}
