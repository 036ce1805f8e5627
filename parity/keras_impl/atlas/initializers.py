"""Owns Keras's answers to the atlas about initializers, and the default initializer of each layer.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import initializers, layers

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, sampled


def _drawn(make: Callable[[], Any]) -> Answer:
    """Weights that an initializer draws for 101 inputs and 307 outputs."""

    def answer(_: Inputs) -> Array:
        keras.utils.set_random_seed(0)
        return model.array(make()((101, 307)))

    return answer


def _queries_started(_: Inputs) -> Array:
    keras.utils.set_random_seed(0)
    layer, x = layers.MultiHeadAttention(4, 24), np.zeros((1, 3, 96), np.float32)
    layer(x, x)
    return np.asarray(layer.get_weights()[0]).reshape(96, -1)


def _out_kernel(_: Inputs) -> Array:
    keras.utils.set_random_seed(0)
    layer, x = layers.MultiHeadAttention(4, 24), np.zeros((1, 3, 96), np.float32)
    layer(x, x)
    return np.asarray(layer.get_weights()[-2]).reshape(-1, 96)


def _twice(_: Inputs) -> float:
    start = initializers.HeNormal()
    return float((model.array(start((11, 13))) != model.array(start((11, 13)))).any())


ANSWERS: Mapping[str, Answer] = {
    "dense.kernel": sampled(lambda: layers.Dense(503), (None, 37), 0),
    "dense.bias": sampled(lambda: layers.Dense(5003), (None, 37), 1),
    "conv2d.kernel": sampled(lambda: layers.Conv2D(101, 3), (None, 9, 9, 11), 0),
    "conv_transpose2d.kernel": sampled(lambda: layers.Conv2DTranspose(101, 3), (None, 9, 9, 11), 0),
    "embedding.table": sampled(lambda: layers.Embedding(1009, 301), (None, 3), 0),
    "lstm.kernel": sampled(lambda: layers.LSTM(67), (None, None, 37), 0),
    "lstm.recurrent_kernel": sampled(lambda: layers.LSTM(67), (None, None, 37), 1),
    "lstm.start_bias": sampled(lambda: layers.LSTM(503), (None, None, 13), 2),
    "gru.recurrent_kernel": sampled(lambda: layers.GRU(79), (None, None, 37), 1),
    "conv2d.bias_start": sampled(lambda: layers.Conv2D(5003, 3), (None, 9, 9, 11), 1),
    "depthwise_conv2d.kernel": sampled(lambda: layers.DepthwiseConv2D(3, depth_multiplier=11), (None, 9, 9, 53), 0),
    "gru.kernel": sampled(lambda: layers.GRU(79), (None, None, 37), 0),
    "rnn.kernel": sampled(lambda: layers.SimpleRNN(307), (None, None, 37), 0),
    "multi_head_attention.kernel": _queries_started,
    "batch_norm.start_gamma": sampled(layers.BatchNormalization, (None, 7), 0),
    "grouped_conv2d.kernel": sampled(lambda: layers.Conv2D(305, 3, groups=5), (None, 9, 9, 145), 0),
    "he_normal.draws": _drawn(initializers.HeNormal),
    "he_uniform.draws": _drawn(initializers.HeUniform),
    "glorot_normal.draws": _drawn(initializers.GlorotNormal),
    "glorot_uniform.draws": _drawn(initializers.GlorotUniform),
    "truncated_normal.draws": _drawn(lambda: initializers.TruncatedNormal(stddev=2.0)),
    "multi_head_attention.out_kernel": _out_kernel,
    "initializer.twice": _twice,
}
