"""Owns Keras's answers to the atlas: a line or a few per question, which ask the native layer, function or optimizer.

It refuses to know what the answer should be. Inputs are arrays under the question's names, channels first: moved to last here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import activations, layers, losses, ops, optimizers

from parity.execution.protocol import Array
from parity.keras_impl import model

Inputs = Mapping[str, Array]
Answer = Callable[[Inputs], Any]


def t(array: Array) -> Any:
    return ops.convert_to_tensor(np.asarray(array, np.float32 if array.dtype.kind == "f" else np.int32))


def call(function: Callable[..., Any], *names: str) -> Answer:
    """The value of a function of the inputs (`x` alone, unless named)."""
    return lambda inputs: model.array(function(*(t(inputs[name]) for name in names or ("x",))))


def slope(function: Callable[[Any], Any]) -> Answer:
    """The gradient of the sum of function(x)."""
    return lambda inputs: model.slope(function, np.asarray(inputs["x"], np.float32))


def dtype(function: Callable[[Inputs], Any]) -> Answer:
    """The type of the function's result: its first letter's code, and its bits."""

    def answer(inputs: Inputs) -> Array:
        name = keras.backend.standardize_dtype(function(inputs).dtype)
        return np.asarray([ord(name[0]), int(name.lstrip("abcdefghijklmnopqrstuvwxyz") or 8)])

    return answer


def _batch_norm(inputs: Inputs) -> layers.BatchNormalization:
    layer = layers.BatchNormalization(momentum=0.25)
    layer(t(inputs["x"]), training=True)
    return layer


def _frozen(inputs: Inputs) -> Array:
    layer = layers.BatchNormalization(epsilon=2.0**-10)
    layer.trainable = False
    return model.array(layer(t(inputs["x"]), training=True))


def _conv(inputs: Inputs, **arguments: Any) -> Array:
    layer = layers.Conv2D(1, inputs["kernel"].shape, use_bias=False, **arguments)
    layer.build((None, *inputs["x"].shape, 1))
    layer.set_weights([inputs["kernel"].astype(np.float32)[..., None, None]])
    return model.array(layer(t(inputs["x"])[None, ..., None]))[0, ..., 0]


def _recurrent(layer: Any, inputs: Inputs) -> Array:
    layer.build((None, None, 1))
    weights = [np.zeros(weight.shape, np.float32) for weight in layer.get_weights()]
    weights[0][0], weights[1][0] = inputs["kernel"], inputs["recurrent"]
    if "bias" in inputs:
        weights[2][1] = inputs["bias"]
    layer.set_weights(weights)
    return model.array(layer(t(inputs["x"])[None, :, None])).ravel()


def _attention(inputs: Inputs) -> Array:
    layer = layers.MultiHeadAttention(1, 1, use_bias=False)
    keys = t(inputs["values"])[None, :, None]
    query = ops.zeros((1, 1, 1))
    layer(query, keys)
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    return model.array(layer(query, keys, attention_mask=inputs["mask"][None])).ravel()


def _masked(inputs: Inputs) -> Array:
    mask = ops.convert_to_tensor(inputs["mask"])[None, None]
    query, key, value = ops.zeros((1, 1, 1, 1)), ops.zeros((1, 2, 1, 1)), t(inputs["values"])[None, :, None, None]
    return model.array(ops.dot_product_attention(query, key, value, mask=mask)).ravel()


def optimized(make: Callable[[], optimizers.Optimizer]) -> Answer:
    """The weight, which starts at 1, after each step on the question's gradients. rates: the learning rate of each step."""

    def answer(inputs: Inputs) -> Array:
        w, optimizer, seen = keras.Variable(np.ones(1, np.float32)), make(), []
        optimizer.build([w])
        for rate, gradient in zip(inputs["rates"], inputs["gradients"], strict=True):
            optimizer.learning_rate = float(rate)
            optimizer.apply([ops.full((1,), float(gradient))])
            seen.append(float(w.numpy()[0]))
        return np.asarray(seen)

    return answer


def _clipped(inputs: Inputs) -> Array:
    w, optimizer = keras.Variable(np.zeros(2, np.float32)), optimizers.SGD(1.0, global_clipnorm=float(inputs["threshold"]))
    optimizer.build([w])
    optimizer.apply([t(inputs["x"])])
    return -model.array(w.value)


def sampled(make: Callable[[], layers.Layer], shape: tuple[int | None, ...], place: int) -> Answer:
    """The initial value of one weight of a layer, its output axis first; vectors as they are."""

    def answer(_: Inputs) -> Array:
        keras.utils.set_random_seed(0)
        layer = make()
        layer.build(shape)
        return np.ascontiguousarray(np.moveaxis(layer.get_weights()[place], -1, 0))

    return answer


def per_example(loss: Callable[..., Any]) -> Answer:
    """The loss of each example. Keras takes labels before scores."""
    return call(lambda x, labels: loss(labels, x), "x", "labels")


def _started_prelu() -> float:
    layer = layers.PReLU()
    layer.build((None, 1))
    return float(layer.get_weights()[0][0])


def _embedded(inputs: Inputs) -> Array:
    layer = layers.Embedding(5, 1)
    layer.build((None,))
    layer.set_weights([np.arange(5, dtype=np.float32)[:, None] * 10])
    return model.array(layer(t(inputs["index"])))


ANSWERS: Mapping[str, Answer] = {
    "batch_norm.momentum_means": lambda inputs: _batch_norm(inputs).moving_mean,
    "batch_norm.running_variance": lambda inputs: _batch_norm(inputs).moving_variance,
    "batch_norm.axis": lambda inputs: _built(layers.BatchNormalization(), inputs).gamma.shape[0],
    "batch_norm.frozen": _frozen,
    "normalize.tiny": call(lambda x: ops.normalize(x[None])[0]),
    "conv2d.kernel_layout": lambda _: _shaped(layers.Conv2D(7, (2, 3)), (None, 9, 9, 5)),
    "conv2d.input_layout": lambda inputs: _built(layers.Conv2D(2, 1), inputs).kernel.shape[2],
    "conv2d.flips": _conv,
    "conv2d.same_stride_2": lambda inputs: _conv(inputs, strides=2, padding="same"),
    "dense.kernel_layout": lambda _: _shaped(layers.Dense(7), (None, 5)),
    "average_pool2d.corner": call(lambda x: layers.AveragePooling2D(3, 1, padding="same")(x[None, ..., None])[0, 0, 0, 0]),
    "max_pool2d.odd_end": lambda inputs: layers.MaxPooling2D((1, 2))(t(inputs["x"])[None, ..., None]).shape[2],
    "upsample.bilinear": call(lambda x: layers.UpSampling2D(2, interpolation="bilinear")(x[None, ..., None])[0, 0, :, 0]),
    "resize.nearest": call(lambda x: ops.image.resize(x[None, ..., None], (1, 3), interpolation="nearest")[0, 0, :, 0]),
    "conv_transpose2d.size": lambda _: layers.Conv2DTranspose(1, 3, strides=2)(np.zeros((1, 4, 4, 1), np.float32)).shape[1],
    "dropout.survivors": lambda inputs: float(ops.max(layers.Dropout(0.75)(t(inputs["x"]), training=True))),
    "embedding.beyond": _embedded,
    "embedding.negative": _embedded,
    "one_hot.beyond": call(lambda i: ops.one_hot(i, 3), "index"),
    "hard_sigmoid.form": call(activations.hard_sigmoid),
    "gelu.form": call(activations.gelu),
    "hard_swish.form": call(activations.hard_swish),
    "softmax.implicit_axis": call(lambda x: activations.softmax(x)[0, 0, 0]),
    "softmax.all_masked": call(activations.softmax),
    "log_softmax.huge": call(activations.log_softmax),
    "relu.nan": call(activations.relu),
    "relu.minus_zero": call(lambda x: 1 / activations.relu(x)),
    "softplus.huge": call(activations.softplus),
    "lstm.gate_order": lambda inputs: _recurrent(layers.LSTM(1, return_sequences=True), inputs),
    "gru.form": lambda inputs: _recurrent(layers.GRU(1, return_sequences=True), inputs),
    "lstm.count": lambda _: _count(layers.LSTM(5)),
    "gru.count": lambda _: _count(layers.GRU(5)),
    "rnn.count": lambda _: _count(layers.SimpleRNN(5)),
    "lstm.outputs": lambda _: layers.LSTM(5)(np.zeros((2, 3, 4), np.float32)).ndim,
    "lstm.bidirectional_width": lambda _: layers.Bidirectional(layers.LSTM(5))(np.zeros((2, 3, 4), np.float32)).shape[-1],
    "lstm.time_axis": lambda _: layers.LSTM(5)(np.zeros((3, 2, 4), np.float32)).shape[0],
    "prelu.start": lambda inputs: _started_prelu(),
    "attention.mask_true": _masked,
    "attention.fully_masked": _masked,
    "multi_head_attention.mask_true": _attention,
    "attention.scale": lambda inputs: layers.Attention()([t(inputs[name])[None] for name in ("q", "v", "k")]),
    "dense.kernel": sampled(lambda: layers.Dense(503), (None, 37), 0),
    "dense.bias": sampled(lambda: layers.Dense(5003), (None, 37), 1),
    "conv2d.kernel": sampled(lambda: layers.Conv2D(101, 3), (None, 9, 9, 11), 0),
    "conv_transpose2d.kernel": sampled(lambda: layers.Conv2DTranspose(101, 3), (None, 9, 9, 11), 0),
    "embedding.table": sampled(lambda: layers.Embedding(1009, 301), (None, 3), 0),
    "lstm.kernel": sampled(lambda: layers.LSTM(67), (None, None, 37), 0),
    "lstm.recurrent_kernel": sampled(lambda: layers.LSTM(67), (None, None, 37), 1),
    "lstm.start_bias": sampled(lambda: layers.LSTM(503), (None, None, 13), 2),
    "gru.recurrent_kernel": sampled(lambda: layers.GRU(79), (None, None, 37), 1),
    "sgd.velocity": optimized(lambda: optimizers.SGD(momentum=0.5)),
    "sgd.nesterov_form": optimized(lambda: optimizers.SGD(momentum=0.5, nesterov=True)),
    "sgd.decay": optimized(lambda: optimizers.SGD(momentum=0.5, weight_decay=0.25)),
    "adam.decay": optimized(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=2.0**-10, weight_decay=0.25)),
    "adam.epsilon_form": optimized(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=0.25)),
    "rmsprop.epsilon_form": optimized(lambda: optimizers.RMSprop(rho=0.75, epsilon=0.25)),
    "adagrad.epsilon_form": optimized(lambda: optimizers.Adagrad(epsilon=0.25, initial_accumulator_value=0.0)),
    "adadelta.rate": optimized(lambda: optimizers.Adadelta(rho=0.75, epsilon=0.25)),
    "adamax.form": optimized(lambda: optimizers.Adamax(beta_1=0.5, beta_2=0.75, epsilon=0.25)),
    "clip_norm.guard": _clipped,
    "squared_error.form": call(lambda x: losses.MeanSquaredError()(ops.zeros_like(x), x)),
    "absolute_error.form": call(lambda x: losses.MeanAbsoluteError()(ops.zeros_like(x), x)),
    "huber.form": call(lambda x: losses.Huber()(ops.zeros_like(x), x)),
    "cross_entropy.takes": per_example(losses.SparseCategoricalCrossentropy()),
    "binary_cross_entropy.at_zero": call(lambda x: losses.BinaryCrossentropy()(ops.ones_like(x), x)),
    "binary_cross_entropy.takes": call(lambda x: losses.BinaryCrossentropy()(ops.ones_like(x), x)),
    "cross_entropy.ignored": per_example(losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)),
    "cross_entropy.weighted": lambda inputs: losses.SparseCategoricalCrossentropy(from_logits=True)(
        t(inputs["labels"]), t(inputs["x"]), sample_weight=t(inputs["weights"])
    ),
    "kl_divergence.form": call(losses.KLDivergence(), "p", "q"),
    "cosine_similarity.sign": call(losses.CosineSimilarity(), "x", "y"),
    "hinge.zero_label": call(losses.Hinge(), "labels", "x"),
    "kink.relu": slope(activations.relu),
    "kink.relu6": slope(activations.relu6),
    "kink.leaky_relu": slope(lambda x: activations.leaky_relu(x, 0.25)),
    "kink.elu": slope(lambda x: activations.elu(x, 2.0)),
    "kink.abs": slope(ops.abs),
    "kink.sqrt": slope(ops.sqrt),
    "kink.norm": slope(ops.norm),
    "kink.maximum": slope(lambda x: ops.maximum(x, ops.ones_like(x))),
    "kink.minimum": slope(lambda x: ops.minimum(x, ops.ones_like(x))),
    "kink.max": slope(ops.max),
    "kink.clip": slope(lambda x: ops.clip(x, -1, 1)),
    "kink.max_pool2d": slope(lambda x: ops.max_pool(x[None, ..., None], (1, 2))),
    "kink.hard_sigmoid": slope(activations.hard_sigmoid),
    "kink.huber": slope(lambda x: losses.Huber(reduction="sum")(ops.zeros_like(x)[:, None], x[:, None])),
    "kink.sign": slope(ops.sign),
    "kink.round": slope(ops.round),
    "kink.floor": slope(ops.floor),
    "kink.where_sqrt": slope(lambda x: ops.where(x > 0, ops.sqrt(x), ops.zeros_like(x))),
    "kink.power_half": slope(lambda x: x**0.5),
    "kink.power_zero": slope(lambda x: x**0.0),
    "kink.log": slope(ops.log),
    "kink.product": slope(ops.prod),
    "kink.standard_deviation": slope(ops.std),
    "number.round_half": call(ops.round),
    "number.remainder": call(ops.mod, "x", "y"),
    "number.floor_divide": call(ops.floor_divide, "x", "y"),
    "number.integer_division": call(ops.divide, "i", "j"),
    "number.integer_division_type": dtype(lambda inputs: ops.divide(t(inputs["i"]), t(inputs["j"]))),
    "number.argmax_tie": call(ops.argmax),
    "number.argmax_nan": call(ops.argmax),
    "number.maximum_nan": call(ops.maximum, "x", "y"),
    "number.max_nan": call(ops.max),
    "number.sign_zero": call(ops.sign),
    "number.variance": call(ops.var),
    "number.median": call(ops.median),
    "number.zero_by_zero": call(ops.divide, "x", "x"),
    "number.power_zero_zero": call(ops.power, "x", "x"),
    "number.cube_root": call(lambda x: ops.power(x, 1 / 3)),
    "number.mean_empty": call(ops.mean),
    "number.max_empty": call(ops.max),
    "number.sum_type": dtype(lambda inputs: ops.sum(t(inputs["i"]))),
    "number.mean_integers": call(ops.mean, "i"),
    "number.range_type": dtype(lambda _: ops.arange(3)),
    "number.zeros_type": dtype(lambda _: ops.zeros(3)),
    "number.float64_array_type": dtype(lambda inputs: ops.convert_to_tensor(inputs["x"].astype(np.float64))),
    "number.float64_layer_type": dtype(lambda inputs: layers.Dense(2)(inputs["x"].astype(np.float64)[:, None])),
    "number.comparison_type": dtype(lambda inputs: t(inputs["x"]) > 0),
    "number.argmax_type": dtype(lambda inputs: ops.argmax(t(inputs["x"]))),
    "number.integer_plus_float_type": dtype(lambda inputs: ops.add(t(inputs["i"]), 0.5)),
    "number.empty_batch": lambda _: layers.Dense(2)(np.zeros((0, 3), np.float32)).shape,
}


def _built(layer: Any, inputs: Inputs) -> Any:
    layer(t(inputs["x"]))
    return layer


def _shaped(layer: Any, shape: tuple[int | None, ...]) -> tuple[int, ...]:
    layer.build(shape)
    return tuple(layer.kernel.shape)


def _count(layer: Any) -> int:
    layer.build((None, None, 3))
    return int(layer.count_params())
