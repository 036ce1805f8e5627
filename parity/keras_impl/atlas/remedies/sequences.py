"""Owns what the atlas advises for Keras about recurrent layers, attention and initial weights, as code that runs.

It refuses advice without a call. Random draws are compared by the name of their distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import initializers, layers, ops

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.answers import Answer, Inputs, sampled, t

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


def _all_dropped(inputs: Inputs) -> float:
    out = model.array(layers.LSTM(5, dropout=0.0, return_sequences=True)(t(inputs["x"]), training=True))
    return float(abs(out - out[:1]).max() > 1e-3)


def ones(layer: Any, *arguments: Any, **named: Any) -> Any:
    layer(*arguments, **named)
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    return layer(*arguments, **named)


def _attention(inputs: Inputs) -> Any:
    keys, mask = t(inputs["values"])[None, :, None], np.asarray(inputs["mask"])
    return ones(layers.MultiHeadAttention(1, 1, use_bias=False), ops.zeros((1, 1, 1)), keys, attention_mask=~mask[None])


def _attended(inputs: Inputs, **arguments: Any) -> Any:
    values = t(inputs["values"])[None, :, None, None]
    return ops.dot_product_attention(ops.zeros((1, 1, 1, 1)), ops.zeros(values.shape), values, **arguments)


def _whole_row(inputs: Inputs) -> Any:
    mask = ops.zeros((1, 1, 1, 2), "bool")
    return ops.where(ops.any(mask, -1), ops.reshape(_attended(inputs, mask=mask), (-1,)), 0)


def _whole_layer_row(inputs: Inputs) -> Any:
    mask, keys = ops.zeros((1, 1, 2), "bool"), t(inputs["values"])[None, :, None]
    out = ones(layers.MultiHeadAttention(1, 1, use_bias=False), ops.zeros((1, 1, 1)), keys, attention_mask=mask)
    return ops.where(ops.any(mask, -1), ops.reshape(out, (-1,)), 0)


def _scaled(inputs: Inputs) -> Any:
    q, v, k = (t(inputs[name])[None] for name in ("q", "v", "k"))
    features = 4
    return layers.Attention()([q / features**0.5, v, k])


def _named(inputs: Inputs) -> Any:
    second, third = (t(inputs[name])[None, :, None] for name in ("second", "third"))
    return ones(layers.MultiHeadAttention(1, 1, use_bias=False), query=ops.zeros((1, 1, 1)), key=second, value=third)


def _heads(inputs: Inputs) -> Any:
    x = t(inputs["x"])
    return layers.MultiHeadAttention(2, 4)(x, x, return_attention_scores=True)


def _queries(_: Inputs) -> int:
    embed_dim, num_heads = 8, 2
    layer, x = layers.MultiHeadAttention(num_heads, key_dim=embed_dim // num_heads), np.zeros((1, 3, 8), np.float32)
    layer(x, x)
    return int(np.prod(layer.get_weights()[0].shape[1:]))


def _two(_: Inputs) -> float:
    first, second = (model.array(initializers.HeNormal()((11, 13))) for _ in range(2))
    return float((first != second).any())


def drawn(start: Any, *shape: int, scale: float = 1.0) -> Answer:
    """A weight of this shape, initialized by `start`; its output axis comes first."""

    def answer(_: Inputs) -> Array:
        keras.utils.set_random_seed(0)
        return np.ascontiguousarray(np.moveaxis(model.array(start(shape)) * scale, -1, 0))

    return answer


def units(count: int) -> Any:
    k = count**-0.5
    return initializers.RandomUniform(-k, k)


def _bounds(start: Any) -> list[float]:
    w = model.array(start((100_000,)))
    return [round(float(w.min()), 3), round(float(w.max()), 3), round(float(w.std()), 3)]


def _counted(numerator: float, start: Any) -> int:
    """The variance of a large draw times `numerator`, rounded to a whole number that chance does not change."""
    keras.utils.set_random_seed(0)
    return round(float(model.array(start((101, 307))).var()) * numerator)


THIRD = initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
SMALL = initializers.RandomUniform(-0.07, 0.07)
PLAIN = initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
SEQUENCES: Mapping[str, Answer] = {
    "gru.form@torch": _gates,
    "lstm.count@torch": lambda _: _one_bias(layers.LSTM, 4),
    "rnn.count@torch": lambda _: _one_bias(layers.SimpleRNN, 1),
    "lstm.outputs@torch": lambda _: layers.LSTM(5, return_sequences=True)(np.zeros((2, 3, 4), np.float32)).ndim,
    "rnn.activation@mxnet": _activated,
    "lstm.padded_output@torch": _padded,
    "lstm.returns@torch": _returned,
    "lstm.unbatched@alike": lambda inputs: layers.LSTM(5, return_sequences=True)(t(inputs["x"])[None]).shape,
    "lstm.dropout_reaches@torch": _all_dropped,
    "multi_head_attention.mask_true@torch": _attention,
    "attention.fully_masked@alike": _whole_row,
    "multi_head_attention.fully_masked@alike": _whole_layer_row,
    "attention.scale@torch": _scaled,
    "multi_head_attention.second_argument@torch": _named,
    "multi_head_attention.returns@torch": lambda inputs: len(_heads(inputs)),
    "multi_head_attention.weights@torch": lambda inputs: ops.mean(_heads(inputs)[1], axis=1).shape,
    "attention.number_mask@torch": lambda inputs: _attended(inputs, bias=t(inputs["mask"])[None, None, None]),
    "multi_head_attention.size_means@torch": _queries,
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
    "he_normal.depthwise_fan@torch": drawn(initializers.HeNormal(), 3, 3, 503, 2, scale=(503 / 1) ** 0.5),
    "glorot_uniform.depthwise_fan@torch": drawn(initializers.GlorotUniform(), 3, 3, 503, 2, scale=(505 / 1007) ** 0.5),
    "uniform.low@keras": lambda _: _bounds(initializers.RandomUniform()),
    "uniform.low@mxnet": lambda _: _bounds(SMALL),
    "uniform.high@keras": lambda _: _bounds(initializers.RandomUniform()),
    "uniform.high@mxnet": lambda _: _bounds(SMALL),
    "truncated_normal.standard_deviation@keras": lambda _: _bounds(initializers.TruncatedNormal()),
    "variance_scaling.mode@mxnet": lambda _: _counted(
        400, initializers.VarianceScaling(2.0, mode="fan_avg", distribution="untruncated_normal")
    ),
    "variance_scaling.mode@torch": lambda _: _counted(400, PLAIN),
}
