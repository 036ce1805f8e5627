"""Owns what the atlas advises for Keras about normalization, convolution and related layers, as code that runs.

`question@torch`: code that gives PyTorch's answer in Keras. `question@keras`: Keras's answer, with which the others are
compared. `question@alike`: code that gives the same number in every framework. It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import activations, initializers, layers, ops

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.answers import Answer, Inputs, call, dtype, t

ROWS = np.array([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 2.5]], np.float32)
IMAGE = (np.arange(36, dtype=np.float32) * 7 % 36).reshape(1, 6, 6, 1)
KERNEL = (np.arange(9, dtype=np.float32) - 3).reshape(3, 3, 1, 1)
CUBE = (np.arange(24, dtype=np.float32) * 5 % 24).reshape(2, 3, 4)
BATCH = (np.arange(120, dtype=np.float32) * 7 % 120).reshape(2, 3, 4, 5)
PIXELS = (np.arange(96, dtype=np.float32) * 5 % 96).reshape(2, 4, 3, 4)


def first(x: Any) -> Any:
    """Moves the channels from last to first, the other frameworks' order."""
    return ops.transpose(x, (0, 3, 1, 2))


def last(x: Any) -> Any:
    return ops.transpose(x, (0, 2, 3, 1))


def running(**arguments: Any) -> Any:
    """The running mean after one batch."""
    layer = layers.BatchNormalization(**arguments)
    layer(ROWS, training=True)
    return layer.moving_mean


def _frozen(inputs: Inputs, **arguments: float) -> tuple[Any, Any]:
    """The output and the running mean of a layer with frozen parameters, whose statistics still move."""
    layer = layers.BatchNormalization(**arguments)
    layer.build((None, 2))
    layer.gamma.trainable = False
    layer.beta.trainable = False
    return layer(t(inputs["x"]), training=True), layer.moving_mean


def _unbiased(inputs: Inputs) -> Any:
    x = t(inputs["x"])
    layer = layers.BatchNormalization(momentum=1.0)
    layer(x, training=True)
    layer.moving_variance.assign(0.75 * layer.moving_variance + 0.25 * ops.var(x, 0) * len(x) / (len(x) - 1))
    return layer.moving_variance


def _gains(_: Inputs) -> Any:
    layer = layers.GroupNormalization(2, epsilon=1e-5)
    layer.build((None, 3, 4, 4))
    layer.gamma.assign(np.arange(1.0, 5.0))
    return first(layer(last(PIXELS)))


def _half(_: Inputs) -> Any:
    layer = layers.BatchNormalization(dtype="mixed_float16")
    layer.build((None, 3))
    return layer.moving_variance


def _epsilon(x: Any, **arguments: float) -> Any:
    return (x[0, 0] / ops.batch_normalization(x, ops.zeros(1), ops.zeros(1), axis=-1, **arguments)[0, 0]) ** 2


def convolved(layer: Any, x: Any = IMAGE, kernel: Array = KERNEL) -> Array:
    layer.build(tuple(x.shape))
    layer.set_weights([kernel])
    return model.array(layer(x)).ravel()


def _padded(_: Inputs) -> Array:
    x = layers.ZeroPadding2D(1)(IMAGE)
    return convolved(layers.Conv2D(1, 3, strides=2, padding="valid", use_bias=False), x)


def _permuted(_: Inputs) -> Any:
    """A channels-last image, flattened and mapped by a dense kernel with its rows permuted to match."""
    image = (np.arange(24, dtype=np.float32).reshape(2, 3, 4) % 7)[None]
    kernel = np.arange(48, dtype=np.float32).reshape(24, 2) % 5
    rows = kernel.reshape(2, 3, 4, -1).transpose(1, 2, 0, 3).reshape(24, 2)
    return ops.matmul(layers.Flatten()(np.transpose(image, (0, 2, 3, 1))), rows)


def _patches(inputs: Inputs) -> Array:
    patches = model.array(ops.image.extract_patches(ops.transpose(t(inputs["x"]), (1, 2, 0))[None], 2))
    return patches.reshape(-1, 2, 2, 2).transpose(0, 3, 1, 2).ravel()


def _table(index: Any) -> Any:
    layer = layers.Embedding(5, 1)
    layer.build((None,))
    layer.set_weights([np.arange(5, dtype=np.float32)[:, None] * 10])
    return layer(index)


def _within(inputs: Inputs) -> bool:
    index = t(inputs["index"])
    return bool(ops.min(index) >= 0 and ops.max(index) < 5)


def _pixels(x: Any) -> Any:
    """One pixel of 8 channels."""
    x = ops.transpose(ops.reshape(x, (2, 4)))
    return ops.reshape(ops.transpose(ops.nn.depth_to_space(ops.reshape(x, (1, 1, 1, 8)), 2), (0, 3, 1, 2)), (-1,))


def _extent(x: Any) -> list[int]:
    """Number of axes and number of elements; the order of axes differs between frameworks."""
    return [len(x.shape), int(np.prod(x.shape))]


def _counted(batches: list[Array]) -> int:
    return len([layers.Conv2D(5, 1)(x) for x in batches if len(x)])


def _slopes(_: Inputs) -> int:
    layer = layers.PReLU(shared_axes=[1, 2])
    layer.build((None, 3, 4, 5))
    return int(layer.count_params())


def _axis(inputs: Inputs) -> int:
    layer = layers.BatchNormalization(axis=1)
    layer(t(inputs["x"]))
    return int(layer.gamma.shape[0])


LAYERS: Mapping[str, Answer] = {
    "batch_norm.momentum_means@torch": lambda _: running(momentum=1 - 0.25),
    "batch_norm.running_variance@torch": _unbiased,
    "batch_norm.axis@torch": _axis,
    "batch_norm.frozen@torch": lambda inputs: _frozen(inputs, epsilon=2.0**-10)[0],
    "batch_norm.frozen_moves@torch": lambda inputs: _frozen(inputs, momentum=1 - 0.25)[1],
    "normalize.tiny@mxnet": call(lambda x: x / ops.sqrt(ops.sum(x**2, -1, keepdims=True) + 1e-10)),
    "normalize.axis@torch": call(lambda x: ops.normalize(x, axis=1)[0, 0, 0]),
    "normalize.axis@mxnet": call(lambda x: ops.normalize(ops.reshape(x, (2, -1)), axis=-1)[0, 0]),
    "group_norm.gains@torch": _gains,
    "batch_norm.half_statistics@mxnet": dtype(_half),
    "layer_norm.two_axes@torch": lambda _: layers.LayerNormalization(axis=(-2, -1), epsilon=1e-3)(BATCH),
    "batch_norm.function_epsilon@torch": call(lambda x: _epsilon(x, epsilon=1e-5)),
    "rms_norm.epsilon_in_effect@torch": call(
        lambda x: (x[0, 0] / layers.RMSNormalization(epsilon=2**-23)(x)[0, 0]) ** 2 - 1e-12
    ),
    "batch_norm.momentum@keras": lambda _: running(),
    "batch_norm.momentum@torch": lambda _: running(momentum=0.9),
    "batch_norm.momentum@mxnet": lambda _: running(momentum=0.9),
    "layer_norm.axes@keras": lambda _: layers.LayerNormalization(axis=-1)(ROWS),
    "rms_norm.epsilon@torch": lambda _: layers.RMSNormalization(epsilon=2**-23)(ROWS * np.float32(1e-4)),
    "rms_norm.epsilon@keras": lambda _: layers.RMSNormalization()(ROWS * np.float32(1e-4)),
    "conv2d.kernel_layout@torch": lambda _: np.transpose(_kernel(layers.Conv2D(7, (2, 3))), (3, 2, 0, 1)).shape,
    "dense.kernel_layout@torch": lambda _: _kernel(layers.Dense(7), (None, 5)).T.shape,
    "conv2d.input_layout@torch": _permuted,
    "conv2d.same_stride_2@keras": lambda _: convolved(layers.Conv2D(1, 3, strides=2, padding="same", use_bias=False)),
    "conv2d.same_stride_2@torch": _padded,
    "average_pool2d.corner@torch": call(
        lambda x: layers.AveragePooling2D(3, 1)(layers.ZeroPadding2D(1)(x[None, ..., None]))[0, 0, 0, 0]
    ),
    "resize.nearest@keras": call(lambda x: ops.image.resize(x[None, ..., None], (1, 3), interpolation="nearest")[0, 0, :, 0]),
    "embedding.beyond@alike": _within,
    "embedding.negative@alike": _within,
    "conv2d.same_even@torch": lambda _: convolved(
        layers.Conv2D(1, 2, padding="same", use_bias=False),
        np.arange(1, 10, dtype=np.float32).reshape(1, 3, 3, 1),
        np.array([1, 10, 100, 1000], np.float32).reshape(2, 2, 1, 1),
    ),
    "conv2d.stride_and_dilation@torch": lambda _: _strided(),
    "conv2d.unbatched@alike": lambda _: _extent(layers.Conv2D(5, 1)(np.zeros((4, 4, 3), np.float32)[None])),
    "dense.vector@alike": lambda inputs: layers.Dense(2)(t(inputs["x"])[None]).shape,
    "max_pool2d.stem@torch": lambda _: layers.MaxPooling2D(3, 2, padding="valid")(layers.ZeroPadding2D(1)(IMAGE)),
    "max_pool2d.stem@keras": lambda _: layers.MaxPooling2D(3, 2, padding="same")(IMAGE),
    "conv_transpose2d.same_cut@keras": lambda _: convolved(
        layers.Conv2DTranspose(1, 3, strides=2, padding="same", use_bias=False)
    ),
    "conv_transpose2d.same_cut@torch": lambda _: _cut(layers.Conv2DTranspose(1, 3, strides=2, padding="valid", use_bias=False)),
    "conv_transpose2d.gap@torch": lambda _: layers.Conv2DTranspose(1, 1, strides=2, output_padding=0)(
        np.zeros((1, 4, 4, 1), np.float32)
    ).shape[2],
    "pad.order@torch": call(lambda x: ops.pad(x + 1, ((0, 0), (0, 0), (0, 0), (1, 2)))),
    "extract_patches.order@torch": _patches,
    "depth_to_space.order@torch": call(_pixels),
    "dropout.everything@torch": call(lambda x: layers.Dropout(1.0)(x, training=True)),
    "dropout.function_mode@mxnet": call(lambda x: ops.max(layers.Dropout(0.75)(x))),
    "embedding.float_index@alike": call(lambda x: _table(ops.cast(x, "int32"))),
    "split.number_means@torch": lambda inputs: len(ops.split(t(inputs["x"]), 3)),
    "repeat.order@torch": call(lambda x: ops.tile(x, 2)),
    "dot.axes@alike": call(ops.matmul, "x", "y"),
    "global_average_pool2d.shape@torch": lambda inputs: (
        first(layers.GlobalAveragePooling2D(keepdims=True)(last(t(inputs["x"])))).shape
    ),
    "conv_transpose2d.kernel_layout@torch": lambda _: (
        np.transpose(_kernel(layers.Conv2DTranspose(7, (2, 3))), (3, 2, 0, 1)).shape
    ),
    "depthwise_conv2d.kernel_layout@torch": lambda _: _depthwise(),
    "concat.axis@alike": call(lambda x: layers.Concatenate(axis=1)([x, x + 1])),
    "reshape.zero@alike": lambda inputs: ops.reshape(t(inputs["x"]), (2, -1)).shape,
    "conv2d.empty@alike": lambda _: _counted([np.zeros((0, 4, 4, 3), np.float32), np.zeros((1, 4, 4, 3), np.float32)]),
    "hard_sigmoid.form@mxnet": call(lambda x: ops.clip(0.2 * x + 0.5, 0, 1)),
    "softmax.implicit_axis@keras": call(lambda x: activations.softmax(x, axis=-1)[0, 0, 0]),
    "relu.minus_zero@alike": call(lambda x: 1 / (activations.relu(x) + 0.0)),
    "elu.function_alpha@mxnet": call(lambda x: -activations.elu(x, alpha=0.25)),
    "prelu.count@alike": _slopes,
    "leaky_relu.function_slope@torch": lambda _: activations.leaky_relu(ROWS, negative_slope=0.01),
    "leaky_relu.function_slope@keras": lambda _: activations.leaky_relu(ROWS),
    "leaky_relu.function_slope@mxnet": lambda _: activations.leaky_relu(ROWS, negative_slope=0.25),
    "prelu.start@torch": lambda _: layers.PReLU(alpha_initializer=initializers.Constant(0.25))(ROWS),
    "prelu.start@keras": lambda _: layers.PReLU()(ROWS),
    "softmax.axis@keras": lambda _: layers.Softmax()(CUBE / np.float32(9)),
    "log_softmax.axis@keras": lambda _: activations.log_softmax(CUBE / np.float32(9)),
    "flatten.walks@torch": call(lambda x: layers.Flatten()(layers.Permute((3, 1, 2))(ops.transpose(x, (1, 2, 0))[None]))[0]),
}


def _kernel(layer: Any, shape: tuple[int | None, ...] = (None, 9, 9, 5)) -> Array:
    layer.build(shape)
    return np.asarray(layer.get_weights()[0])


def _depthwise() -> Array:
    """The other frameworks' kernel in Keras's layout, and moved from that layout."""
    w = np.arange(60.0).reshape(5, 2, 2, 3).transpose(2, 3, 0, 1)
    height, width = 2, 3
    layer = layers.DepthwiseConv2D((2, 3), depth_multiplier=2)
    layer.build((None, 9, 9, 5))
    layer.set_weights([w, np.zeros(10)])
    return np.transpose(layer.get_weights()[0], (2, 3, 0, 1)).reshape(-1, 1, height, width)


def _strided() -> Array:
    layer, x = layers.Conv2D(1, 3, dilation_rate=2, use_bias=False), np.arange(81, dtype=np.float32).reshape(1, 9, 9, 1)
    layer.build(x.shape)
    layer.set_weights([np.ones((3, 3, 1, 1), np.float32)])
    y = layer(x)
    return model.array(y[:, ::2, ::2]).ravel()


def _cut(layer: Any) -> Array:
    layer.build(IMAGE.shape)
    layer.set_weights([KERNEL])
    y = layer(IMAGE)
    return model.array(y[:, 1:, 1:]).ravel()
