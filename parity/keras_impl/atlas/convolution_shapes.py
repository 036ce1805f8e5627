"""Owns Keras's answers to the atlas about the shapes of layers and arrays.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keras import layers, ops

from parity.keras_impl.atlas.asking import Answer, built, call, t


def shape(function: Callable[[Any], Any]) -> Answer:
    return lambda inputs: tuple(function(t(inputs["x"])).shape)


def _kernel(layer: Any) -> tuple[int, ...]:
    return tuple(built(layer, (None, 9, 9, 5)).get_weights()[0].shape)


ANSWERS: Mapping[str, Answer] = {
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
    "flatten.walks": call(lambda x: layers.Flatten()(ops.transpose(x, (1, 2, 0))[None])[0]),
}
