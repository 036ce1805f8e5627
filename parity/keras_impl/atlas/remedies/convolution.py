"""Owns what the atlas advises for Keras about convolution, pooling, resizing, embedding, dropout, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import layers, ops

from parity.execution.protocol import Array
from parity.keras_impl.atlas.asking import Answer, Inputs, call, t
from parity.keras_impl.atlas.remedies.building import IMAGE, convolved, kernel


def _padded(_: Inputs) -> Array:
    x = layers.ZeroPadding2D(1)(IMAGE)
    return convolved(layers.Conv2D(1, 3, strides=2, padding="valid", use_bias=False), x)


def _permuted(_: Inputs) -> Any:
    """A channels-last image, flattened and mapped by a dense kernel with its rows permuted to match."""
    image = (np.arange(24, dtype=np.float32).reshape(2, 3, 4) % 7)[None]
    kernel = np.arange(48, dtype=np.float32).reshape(24, 2) % 5
    rows = kernel.reshape(2, 3, 4, -1).transpose(1, 2, 0, 3).reshape(24, 2)
    return ops.matmul(layers.Flatten()(np.transpose(image, (0, 2, 3, 1))), rows)


def _within(inputs: Inputs) -> bool:
    index = t(inputs["index"])
    return bool(ops.min(index) >= 0 and ops.max(index) < 5)


REMEDIES: Mapping[str, Answer] = {
    "conv2d.kernel_layout@torch": lambda _: np.transpose(kernel(layers.Conv2D(7, (2, 3))), (3, 2, 0, 1)).shape,
    "dense.kernel_layout@torch": lambda _: kernel(layers.Dense(7), (None, 5)).T.shape,
    "conv2d.input_layout@torch": _permuted,
    "conv2d.same_stride_2@keras": lambda _: convolved(layers.Conv2D(1, 3, strides=2, padding="same", use_bias=False)),
    "conv2d.same_stride_2@torch": _padded,
    "average_pool2d.corner@torch": call(
        lambda x: layers.AveragePooling2D(3, 1)(layers.ZeroPadding2D(1)(x[None, ..., None]))[0, 0, 0, 0]
    ),
    "resize.nearest@keras": call(lambda x: ops.image.resize(x[None, ..., None], (1, 3), interpolation="nearest")[0, 0, :, 0]),
    "embedding.beyond@alike": _within,
    "embedding.negative@alike": _within,
}
