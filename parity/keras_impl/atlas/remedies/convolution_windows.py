"""Owns what the atlas advises for Keras about windows: padding, strides, patches, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import layers, ops

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, call, t
from parity.keras_impl.atlas.remedies.building import IMAGE, KERNEL, convolved


def _patches(inputs: Inputs) -> Array:
    patches = model.array(ops.image.extract_patches(ops.transpose(t(inputs["x"]), (1, 2, 0))[None], 2))
    return patches.reshape(-1, 2, 2, 2).transpose(0, 3, 1, 2).ravel()


def _table(index: Any) -> Any:
    layer = layers.Embedding(5, 1)
    layer.build((None,))
    layer.set_weights([np.arange(5, dtype=np.float32)[:, None] * 10])
    return layer(index)


def _pixels(x: Any) -> Any:
    """One pixel of 8 channels."""
    x = ops.transpose(ops.reshape(x, (2, 4)))
    return ops.reshape(ops.transpose(ops.nn.depth_to_space(ops.reshape(x, (1, 1, 1, 8)), 2), (0, 3, 1, 2)), (-1,))


def _extent(x: Any) -> list[int]:
    """Number of axes and number of elements; the order of axes differs between frameworks."""
    return [len(x.shape), int(np.prod(x.shape))]


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


REMEDIES: Mapping[str, Answer] = {
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
}
