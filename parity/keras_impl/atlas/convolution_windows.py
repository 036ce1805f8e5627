"""Owns Keras's answers to the atlas about windows: padding, strides, patches.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import layers, ops

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, built, call, t


def _conv(inputs: Inputs) -> Array:
    layer = built(layers.Conv2D(1, (1, 2), padding="same", use_bias=False), (None, 1, 3, 1))
    layer.set_weights([inputs["kernel"].astype(np.float32)[..., None, None]])
    return model.array(layer(t(inputs["x"])[None, ..., None])).ravel()


def _transposed(inputs: Inputs) -> Array:
    layer = built(layers.Conv2DTranspose(1, (1, 3), (1, 2), padding="same", use_bias=False), (None, 1, 4, 1))
    layer.set_weights([inputs["kernel"].astype(np.float32)[..., None, None]])
    return model.array(layer(t(inputs["x"])[None, ..., None])).ravel()


def _unfolded(inputs: Inputs) -> Array:
    return model.array(ops.image.extract_patches(ops.transpose(t(inputs["x"]), (1, 2, 0))[None], 2)).ravel()


def _shuffled(inputs: Inputs) -> Array:
    """Keras's depth_to_space of one pixel of 8 channels, channels last; the result is read channel by channel."""
    return model.array(ops.transpose(ops.nn.depth_to_space(t(inputs["x"])[None, None, None], 2), (0, 3, 1, 2))).ravel()


def _embedded(inputs: Inputs) -> Array:
    layer = built(layers.Embedding(5, 1), (None,))
    layer.set_weights([np.arange(5, dtype=np.float32)[:, None] * 10])
    return model.array(layer(t(inputs["x"])))


ANSWERS: Mapping[str, Answer] = {
    "conv2d.same_even": _conv,
    "conv2d.stride_and_dilation": lambda _: layers.Conv2D(1, 3, 2, dilation_rate=2)(np.zeros((1, 9, 9, 1), np.float32)).shape[
        2
    ],
    "conv2d.unbatched": lambda _: layers.Conv2D(5, 1)(np.zeros((4, 4, 3), np.float32)).shape,
    "dense.vector": lambda inputs: layers.Dense(2)(t(inputs["x"])).shape,
    "max_pool2d.stem": call(lambda x: layers.MaxPooling2D((1, 3), (1, 2), padding="same")(x[None, ..., None])),
    "max_pool2d.nan": call(lambda x: layers.MaxPooling2D((1, 2))(x[None, ..., None])[0, ..., 0]),
    "conv_transpose2d.same_cut": _transposed,
    "conv_transpose2d.gap": lambda _: layers.Conv2DTranspose(1, 1, strides=2)(np.zeros((1, 4, 4, 1), np.float32)).shape[2],
    "pad.order": lambda inputs: ops.pad(t(inputs["x"]), (1, 2)).shape,
    "extract_patches.order": _unfolded,
    "depth_to_space.order": _shuffled,
    "adaptive_average_pool2d.windows": call(lambda x: layers.AdaptiveAveragePooling2D((1, 3))(x[None, ..., None])[0, ..., 0]),
    "resize.size_order": lambda inputs: ops.image.resize(t(inputs["x"]), (2, 3)).shape[:2],
    "dropout.everything": call(lambda x: layers.Dropout(1.0)(x, training=True)),
    "dropout.function_mode": call(lambda x: ops.max(keras.random.dropout(x, 0.75))),
    "embedding.float_index": _embedded,
    "split.number_means": lambda inputs: len(ops.split(t(inputs["x"]), 2)),
    "repeat.order": call(lambda x: ops.repeat(x, 2)),
    "flatten.keeps": lambda inputs: layers.Flatten()(t(inputs["x"])).shape,
    "dot.axes": call(ops.dot, "x", "y"),
}
