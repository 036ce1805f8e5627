"""Owns Keras's answers to the atlas about convolution, pooling, resizing, embedding, dropout.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import layers, ops

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, call, called, t


def _conv(inputs: Inputs, **arguments: Any) -> Array:
    layer = layers.Conv2D(1, inputs["kernel"].shape, use_bias=False, **arguments)
    layer.build((None, *inputs["x"].shape, 1))
    layer.set_weights([inputs["kernel"].astype(np.float32)[..., None, None]])
    return model.array(layer(t(inputs["x"])[None, ..., None]))[0, ..., 0]


def _embedded(inputs: Inputs) -> Array:
    layer = layers.Embedding(5, 1)
    layer.build((None,))
    layer.set_weights([np.arange(5, dtype=np.float32)[:, None] * 10])
    return model.array(layer(t(inputs["index"])))


def _shaped(layer: Any, shape: tuple[int | None, ...]) -> tuple[int, ...]:
    layer.build(shape)
    return tuple(layer.kernel.shape)


ANSWERS: Mapping[str, Answer] = {
    "conv2d.kernel_layout": lambda _: _shaped(layers.Conv2D(7, (2, 3)), (None, 9, 9, 5)),
    "conv2d.input_layout": lambda inputs: called(layers.Conv2D(2, 1), inputs).kernel.shape[2],
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
}
