"""Owns what the atlas advises for Keras about initializers, and the default initializer of each layer, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import initializers, layers

from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, sampled
from parity.keras_impl.atlas.remedies.building import PLAIN, SMALL, drawn


def _two(_: Inputs) -> float:
    first, second = (model.array(initializers.HeNormal()((11, 13))) for _ in range(2))
    return float((first != second).any())


def units(count: int) -> Any:
    k = count**-0.5
    return initializers.RandomUniform(-k, k)


THIRD = initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


REMEDIES: Mapping[str, Answer] = {
    "initializer.twice@torch": _two,
    "dense.kernel@torch": sampled(lambda: layers.Dense(503, kernel_initializer=THIRD), (None, 37), 0),
    "dense.kernel@mxnet": sampled(lambda: layers.Dense(503, kernel_initializer=SMALL), (None, 37), 0),
    "dense.bias@torch": sampled(lambda: layers.Dense(5003, bias_initializer=units(37)), (None, 37), 1),
    "conv2d.kernel@torch": sampled(lambda: layers.Conv2D(101, 3, kernel_initializer=THIRD), (None, 9, 9, 11), 0),
    "conv2d.kernel@mxnet": sampled(lambda: layers.Conv2D(101, 3, kernel_initializer=SMALL), (None, 9, 9, 11), 0),
    "conv2d.bias_start@torch": sampled(lambda: layers.Conv2D(5003, 3, bias_initializer=units(99)), (None, 9, 9, 11), 1),
    "conv_transpose2d.kernel@torch": sampled(
        lambda: layers.Conv2DTranspose(101, 3, kernel_initializer=THIRD), (None, 9, 9, 11), 0
    ),
    "conv_transpose2d.kernel@mxnet": sampled(
        lambda: layers.Conv2DTranspose(101, 3, kernel_initializer=SMALL), (None, 9, 9, 11), 0
    ),
    "embedding.table@torch": drawn(initializers.RandomNormal(stddev=1.0), 1009, 301),
    "embedding.table@mxnet": drawn(SMALL, 1009, 301),
    "lstm.kernel@torch": sampled(lambda: layers.LSTM(67, kernel_initializer=units(67)), (None, None, 37), 0),
    "gru.kernel@torch": sampled(lambda: layers.GRU(79, kernel_initializer=units(79)), (None, None, 37), 0),
    "rnn.kernel@torch": sampled(lambda: layers.SimpleRNN(307, kernel_initializer=units(307)), (None, None, 37), 0),
    "lstm.kernel@mxnet": drawn(SMALL, 37, 268),
    "gru.kernel@mxnet": drawn(SMALL, 37, 237),
    "rnn.kernel@mxnet": drawn(SMALL, 37, 307),
    "lstm.recurrent_kernel@torch": drawn(units(67), 67, 268),
    "gru.recurrent_kernel@torch": drawn(units(79), 79, 237),
    "lstm.recurrent_kernel@mxnet": drawn(SMALL, 67, 268),
    "gru.recurrent_kernel@mxnet": drawn(SMALL, 79, 237),
    "lstm.start_bias@mxnet": sampled(lambda: layers.LSTM(503, unit_forget_bias=False), (None, None, 13), 2),
    "depthwise_conv2d.kernel@mxnet": drawn(SMALL, 3, 3, 53, 11),
    "grouped_conv2d.kernel@mxnet": drawn(SMALL, 3, 3, 29, 305),
    "depthwise_conv2d.kernel@torch": drawn(initializers.RandomUniform(-1 / 3, 1 / 3), 3, 3, 53, 11),
    "grouped_conv2d.kernel@torch": drawn(units(9 * 29), 3, 3, 29, 305),
    "he_normal.draws@torch": drawn(PLAIN, 101, 307),
    "glorot_normal.draws@torch": drawn(initializers.VarianceScaling(1.0, "fan_avg", "untruncated_normal"), 101, 307),
}
