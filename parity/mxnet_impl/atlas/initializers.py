"""Owns MXNet's answers to the atlas about initializers, and the default initializer of each layer.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, sampled
from parity.mxnet_impl.device import mxnet

nd, nn, rnn = mxnet.nd, mxnet.gluon.nn, mxnet.gluon.rnn


def _drawn(**arguments: Any) -> Answer:
    """Weights that Xavier draws for 101 inputs and 307 outputs, with the paper's rule as arguments: it is the only class."""

    def answer(_: Inputs) -> Array:
        mxnet.random.seed(0)
        weights = nd.zeros((307, 101))
        mxnet.init.Xavier(**arguments)(mxnet.init.InitDesc("weight"), weights)
        return np.asarray(weights.asnumpy())

    return answer


def _twice(_: Inputs) -> float:
    start, first, second = mxnet.init.MSRAPrelu(), nd.zeros((11, 13)), nd.zeros((11, 13))
    for kernel in (first, second):
        start(mxnet.init.InitDesc("weight"), kernel)
    return float((first.asnumpy() != second.asnumpy()).any())


ANSWERS: Mapping[str, Answer] = {
    "dense.kernel": sampled(lambda: nn.Dense(503, in_units=37), "weight"),
    "dense.bias": sampled(lambda: nn.Dense(5003, in_units=37), "bias"),
    "conv2d.kernel": sampled(lambda: nn.Conv2D(101, 3, in_channels=11), "weight"),
    "conv_transpose2d.kernel": sampled(lambda: nn.Conv2DTranspose(101, 3, in_channels=11), "weight"),
    "embedding.table": sampled(lambda: nn.Embedding(1009, 301), "weight"),
    "lstm.kernel": sampled(lambda: rnn.LSTM(67, input_size=37), "i2h_weight"),
    "lstm.recurrent_kernel": sampled(lambda: rnn.LSTM(67, input_size=37), "h2h_weight"),
    "lstm.start_bias": sampled(lambda: rnn.LSTM(503, input_size=13), "i2h_bias"),
    "gru.recurrent_kernel": sampled(lambda: rnn.GRU(79, input_size=37), "h2h_weight"),
    "conv2d.bias_start": sampled(lambda: nn.Conv2D(5003, 3, in_channels=11), "bias"),
    "depthwise_conv2d.kernel": sampled(lambda: nn.Conv2D(583, 3, groups=53, in_channels=53), "weight"),
    "gru.kernel": sampled(lambda: rnn.GRU(79, input_size=37), "i2h_weight"),
    "rnn.kernel": sampled(lambda: rnn.RNN(307, input_size=37), "i2h_weight"),
    "batch_norm.start_gamma": sampled(lambda: nn.BatchNorm(in_channels=7), "gamma"),
    "he_normal.draws": _drawn(rnd_type="gaussian", factor_type="in", magnitude=2),
    "he_uniform.draws": _drawn(factor_type="in", magnitude=6),
    "glorot_normal.draws": _drawn(rnd_type="gaussian", magnitude=1),
    "glorot_uniform.draws": _drawn(),
    "grouped_conv2d.kernel": sampled(lambda: nn.Conv2D(305, 3, groups=5, in_channels=145), "weight"),
    "grouped_conv_transpose2d.kernel": sampled(lambda: nn.Conv2DTranspose(305, 3, groups=5, in_channels=145), "weight"),
    "initializer.twice": _twice,
}
