"""Owns Keras's answers to the atlas about edges and modes: shapes, labels out of range, unstated settings, types.

It refuses to know what the answer should be. Inputs are arrays under the question's names, channels first: moved to last here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import activations, initializers, layers, losses, ops, optimizers, regularizers

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.answers import Answer, Inputs, call, dtype, per_example, sampled, slope, t


def shape(function: Callable[[Any], Any]) -> Answer:
    return lambda inputs: tuple(function(t(inputs["x"])).shape)


def _moved(inputs: Inputs) -> Array:
    layer = layers.BatchNormalization(momentum=0.25)
    layer(t(inputs["x"]), training=True)
    return model.array(layer.moving_mean)


def _twice(inputs: Inputs) -> Array:
    return [model.slope(lambda x: x**2, np.asarray(inputs["x"], np.float32)) for _ in range(2)][-1]


def _stepped(inputs: Inputs, **arguments: Any) -> float:
    w, optimizer = keras.Variable(np.ones(1, np.float32)), optimizers.SGD(float(inputs["rate"]), **arguments)
    optimizer.build([w])
    optimizer.apply([ops.full((1,), float(inputs["gradient"]))])
    return float(w.numpy()[0])


def _clipped(inputs: Inputs) -> Array:
    weights, optimizer = [keras.Variable(np.zeros(1, np.float32)) for _ in inputs["x"]], optimizers.SGD(1.0, clipnorm=1.0)
    optimizer.build(weights)
    optimizer.apply([ops.full((1,), float(gradient)) for gradient in inputs["x"]])
    return -np.concatenate([w.numpy() for w in weights])


def _rates(_: Inputs) -> list[float]:
    schedule = optimizers.schedules.ExponentialDecay(1.0, 2, 0.5, staircase=True)
    optimizer, w = optimizers.SGD(schedule), keras.Variable(np.zeros(1, np.float32))
    optimizer.build([w])
    places = [0.0]
    for _number in range(6):
        optimizer.apply([ops.ones((1,))])
        places.append(-float(w.numpy()[0]))
    return list(np.diff(places))


def _dropped(inputs: Inputs) -> float:
    out = model.array(layers.LSTM(5, dropout=0.75, return_sequences=True)(t(inputs["x"]), training=True))
    return float(abs(out - out[:1]).max() > 1e-3)


def _padded(inputs: Inputs) -> float:
    layer = layers.Embedding(3, 1, mask_zero=True)
    layer.build((None,))
    before = layer.get_weights()[0]
    network = keras.Sequential([layer])
    network.compile(optimizers.SGD(1.0), loss=lambda _labels, found: ops.sum(found))
    network.train_on_batch(inputs["index"][None].astype(np.int32), np.zeros((1, 1), np.float32))
    return float(before[0, 0] - layer.get_weights()[0][0, 0])


def _normalized(x: Any, variance: float, **arguments: Any) -> Any:
    return ops.batch_normalization(x, ops.zeros(1), ops.full((1,), variance), axis=-1, **arguments)


def _epsilon(function: Callable[[Any], Any], variance: float) -> Answer:
    """Epsilon, computed from the output of a normalization for an x of known variance (or mean square)."""
    return lambda inputs: (inputs["x"].ravel()[0] / float(model.array(function(t(inputs["x"]))).ravel()[0])) ** 2 - variance


def _attends(inputs: Inputs) -> list[float]:
    layer, x = layers.MultiHeadAttention(1, 2, use_bias=False), t(inputs["x"])
    layer(x, x)
    layer.set_weights([np.arange(1, 1 + w.size, dtype=np.float32).reshape(w.shape) / 20 for w in layer.get_weights()])
    other = inputs["x"].copy()
    other[0, 0] += 1
    changed = (model.array(layer(x, x)) != model.array(layer(t(other), t(other)))).any(-1)
    return [float(changed[1, 0]), float(changed[0, 1])]


def _all_masked(inputs: Inputs) -> Array:
    layer, keys, query = (
        layers.MultiHeadAttention(1, 1, use_bias=False),
        t(inputs["values"])[None, :, None],
        ops.zeros((1, 1, 1)),
    )
    layer(query, keys)
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    return model.array(layer(query, keys, attention_mask=np.zeros((1, 1, 2), bool))).ravel()


def _queries(_: Inputs) -> int:
    layer, x = layers.MultiHeadAttention(2, 8), np.zeros((1, 3, 8), np.float32)
    layer(x, x)
    return int(np.prod(layer.get_weights()[0].shape[1:]))


def _classes(inputs: Inputs) -> Any:
    x = t(inputs["x"])
    return losses.SparseCategoricalCrossentropy(from_logits=True)(ops.zeros(x.shape[:-1], "int32"), x)


def _smoothed(inputs: Inputs) -> Any:
    labels = ops.one_hot(t(inputs["labels"]), 3)
    return losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.3)(labels, t(inputs["x"]))


def _empty_norm(inputs: Inputs) -> Array:
    layer = layers.BatchNormalization()
    layer(t(inputs["x"]), training=True)
    return model.array(layer.moving_mean)


def _drawn(make: Callable[[], Any]) -> Answer:
    """Weights that an initializer draws for 101 inputs and 307 outputs."""

    def answer(_: Inputs) -> Array:
        keras.utils.set_random_seed(0)
        return model.array(make()((101, 307)))

    return answer


def _fans(item: str) -> dict[str, Answer]:
    """Kernels of native layers, initialized by `item`."""
    kernels = {
        "grouped": (lambda: layers.Conv2D(305, 3, groups=5, kernel_initializer=item), 145),
        "depthwise": (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, depthwise_initializer=item), 503),
        "transposed": (lambda: layers.Conv2DTranspose(101, 3, kernel_initializer=item), 11),
    }
    return {f"{item}.{aspect}_fan": sampled(make, (None, 9, 9, count), 0) for aspect, (make, count) in kernels.items()}


def _queries_started(_: Inputs) -> Array:
    keras.utils.set_random_seed(0)
    layer, x = layers.MultiHeadAttention(4, 24), np.zeros((1, 3, 96), np.float32)
    layer(x, x)
    return np.asarray(layer.get_weights()[0]).reshape(96, -1)


_SPARSE = losses.SparseCategoricalCrossentropy(from_logits=True)
_CTC = losses.CTC()

EDGES: Mapping[str, Answer] = {
    "batch_norm.mode": lambda inputs: layers.BatchNormalization(epsilon=2.0**-10)(t(inputs["x"])),
    "dropout.mode": lambda inputs: float(ops.max(layers.Dropout(0.75)(t(inputs["x"])))),
    "batch_norm.moves": _moved,
    "batch_norm.one_example": lambda inputs: layers.BatchNormalization()(t(inputs["x"]), training=True),
    "gradient.twice": _twice,
    "step.rescaling": _stepped,
    "penalty.factor": lambda _: model.slope(regularizers.L2(0.25), np.ones(1, np.float32)),
    "clip_norm.over": _clipped,
    "step_decay.rates": _rates,
    "squared_error.shapes": call(lambda x, y: losses.MeanSquaredError()(y, x), "x", "y"),
    "lstm.dropout_reaches": _dropped,
    "embedding.padding_gradient": _padded,
    "batch_norm.function_scale": call(lambda x: _normalized(x, 1.0, scale=ops.full((1,), 3.0), epsilon=2.0**-10)[0]),
    "batch_norm.function_epsilon": _epsilon(lambda x: _normalized(x, 0.0), 0.0),
    "rms_norm.epsilon_in_effect": _epsilon(layers.RMSNormalization(), 1e-12),
    "layer_norm.variance": call(lambda x: layers.LayerNormalization(epsilon=0.25)(x)[0]),
    "squared_error.empty": call(lambda x: losses.MeanSquaredError()(x, x)),
    "batch_norm.empty": _empty_norm,
    "dense.flattens": shape(layers.Dense(5)),
    "global_average_pool2d.shape": shape(lambda x: layers.GlobalAveragePooling2D()(ops.transpose(x, (0, 2, 3, 1)))),
    "max_pool2d.function_stride": lambda inputs: ops.max_pool(t(inputs["x"])[None, ..., None], (1, 2)).shape[2],
    "max_pool2d.padding_value": call(lambda x: ops.max_pool(x[None, ..., None], (1, 2), 1, padding="same")[0, 0, 0, 0]),
    "average_pool2d.ceil_divisor": call(
        lambda x: layers.AveragePooling2D((1, 2), padding="same")(x[None, ..., None])[0, 0, -1, 0]
    ),
    "conv_transpose2d.kernel_layout": lambda _: _kernel(layers.Conv2DTranspose(7, (2, 3))),
    "depthwise_conv2d.kernel_layout": lambda _: _kernel(layers.DepthwiseConv2D((2, 3), depth_multiplier=2)),
    "resize.bicubic": call(lambda x: ops.image.resize(x[None, None, :, None], (1, 16), "bicubic")[0, 0, 5:12, 0]),
    "resize.antialias": call(lambda x: ops.image.resize(x[None, None, :, None], (1, 2), "bilinear")[0, 0, :, 0]),
    "concat.axis": shape(lambda x: layers.Concatenate()([x, x])),
    "reshape.zero": shape(lambda x: ops.reshape(x, (0, -1))),
    "conv2d.empty": lambda _: layers.Conv2D(5, 1)(np.zeros((0, 4, 4, 3), np.float32)).shape,
    "prelu.count": lambda _: _built(layers.PReLU(), (None, 3, 4, 5)).count_params(),
    "multi_head_attention.size_means": _queries,
    "multi_head_attention.time_axis": _attends,
    "multi_head_attention.fully_masked": _all_masked,
    "cross_entropy.axis": _classes,
    "cross_entropy.smoothing_form": _smoothed,
    "cross_entropy.all_ignored": per_example(losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)),
    "cross_entropy.label_beyond": per_example(_SPARSE),
    "cross_entropy.negative_label": per_example(_SPARSE),
    "cross_entropy.unnormalized": per_example(losses.SparseCategoricalCrossentropy()),
    "cross_entropy.at_zero": per_example(losses.SparseCategoricalCrossentropy()),
    "cross_entropy.huge": per_example(_SPARSE),
    "binary_cross_entropy.huge": call(lambda x, y: losses.BinaryCrossentropy(from_logits=True)(y, x), "x", "y"),
    "binary_cross_entropy.first_argument": call(losses.BinaryCrossentropy(), "x", "y"),
    "binary_cross_entropy.weighted": lambda inputs: losses.BinaryCrossentropy()(
        t(inputs["y"]), t(inputs["x"]), sample_weight=t(inputs["weights"])
    ),
    "kl_divergence.takes": call(losses.KLDivergence(), "p", "q"),
    "ctc.blank": per_example(_CTC),
    "ctc.reduction": per_example(_CTC),
    "poisson.takes": call(lambda x, y: losses.Poisson()(y, x), "x", "y"),
    "conv2d.bias_start": sampled(lambda: layers.Conv2D(5003, 3), (None, 9, 9, 11), 1),
    "depthwise_conv2d.kernel": sampled(lambda: layers.DepthwiseConv2D(3, depth_multiplier=11), (None, 9, 9, 53), 0),
    "gru.kernel": sampled(lambda: layers.GRU(79), (None, None, 37), 0),
    "rnn.kernel": sampled(lambda: layers.SimpleRNN(307), (None, None, 37), 0),
    "multi_head_attention.kernel": _queries_started,
    "batch_norm.start_gamma": sampled(layers.BatchNormalization, (None, 7), 0),
    "grouped_conv2d.kernel": sampled(lambda: layers.Conv2D(305, 3, groups=5), (None, 9, 9, 145), 0),
    **_fans("he_normal"),
    **_fans("glorot_uniform"),
    "he_normal.draws": _drawn(initializers.HeNormal),
    "he_uniform.draws": _drawn(initializers.HeUniform),
    "glorot_normal.draws": _drawn(initializers.GlorotNormal),
    "glorot_uniform.draws": _drawn(initializers.GlorotUniform),
    "truncated_normal.draws": _drawn(lambda: initializers.TruncatedNormal(stddev=2.0)),
    "kink.max_axis": slope(lambda x: ops.max(x[None], axis=1)),
    "kink.min": slope(ops.min),
    "kink.hard_tanh": slope(activations.hard_tanh),
    "kink.hard_swish": slope(activations.hard_swish),
    "kink.selu": slope(activations.selu),
    "kink.hinge": slope(lambda x: losses.Hinge(reduction="sum")(-ops.ones_like(x)[:, None], x[:, None] - 1)),
    "kink.absolute_error": slope(lambda x: losses.MeanAbsoluteError(reduction="sum")(ops.zeros_like(x)[:, None], x[:, None])),
    "kink.logsumexp": slope(ops.logsumexp),
    "kink.ceil": slope(ops.ceil),
    "kink.cosine": slope(lambda x: -losses.CosineSimilarity()(ops.ones_like(x)[None], x[None])),
    "kink.top": slope(lambda x: ops.top_k(x, 1)[0]),
    "kink.arctangent": slope(lambda x: ops.arctan2(x, ops.zeros_like(x))),
    "kink.prelu": slope(lambda x: layers.PReLU(alpha_initializer=initializers.Constant(0.25))(x[None])),
    "kink.relu_nan": slope(activations.relu),
    "number.integer_by_zero": call(ops.floor_divide, "i", "j"),
    "number.integer_power": call(lambda i: ops.power(i, -1), "i"),
    "number.one_hot_type": dtype(lambda inputs: ops.one_hot(t(inputs["i"]), 3)),
    "number.half_plus_single_type": dtype(lambda inputs: ops.add(ops.cast(t(inputs["x"]), "float16"), t(inputs["x"]))),
    "number.int32_plus_int64_type": dtype(lambda inputs: ops.add(t(inputs["i"]), ops.cast(t(inputs["i"]), "int64"))),
    "number.int32_plus_single_type": dtype(lambda inputs: ops.add(t(inputs["i"]), t(inputs["x"]))),
    "number.boolean_sum_type": dtype(lambda inputs: ops.sum(t(inputs["x"]) > 0)),
    "number.scalar_type": dtype(lambda _: ops.convert_to_tensor(1.5)),
    "number.byte_overflow": lambda inputs: ops.add(ops.cast(t(inputs["i"]), "uint8"), ops.cast(t(inputs["j"]), "uint8")),
    "number.half_overflow": lambda inputs: ops.cast(ops.sum(ops.cast(t(inputs["x"]), "float16")), "float32"),
    "number.half_mean": lambda inputs: ops.cast(ops.mean(ops.cast(t(inputs["x"]), "float16")), "float32"),
    "number.float_to_integer": lambda inputs: ops.cast(t(inputs["x"]), "int32"),
    "number.variance_of_one": call(ops.var),
    "number.min_nan": call(ops.min),
    "number.sort_nan": call(ops.sort),
    "number.clip_nan": call(lambda x: ops.clip(x, 0, 1)),
    "number.top_tie": call(lambda x: ops.top_k(x, 2)[1]),
    "number.log_negative": call(ops.log),
    "number.argmax_empty": call(ops.argmax),
    "number.sum_empty": call(ops.sum),
    "number.product_empty": call(ops.prod),
    "number.softmax_nan": call(activations.softmax),
    "number.exponential_overflow": call(ops.exp),
    "number.sigmoid_huge": call(lambda x: 1 - activations.sigmoid(x)),
}


def _built(layer: Any, shape: tuple[int | None, ...]) -> Any:
    layer.build(shape)
    return layer


def _kernel(layer: Any) -> tuple[int, ...]:
    return tuple(_built(layer, (None, 9, 9, 5)).get_weights()[0].shape)
