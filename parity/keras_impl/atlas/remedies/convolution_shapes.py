"""Owns what the atlas advises for Keras about the shapes of layers and arrays, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from keras import layers, ops

from parity.execution.protocol import Array
from parity.keras_impl.atlas.asking import Answer, call, t
from parity.keras_impl.atlas.remedies.building import first, kernel, last


def _counted(batches: list[Array]) -> int:
    return len([layers.Conv2D(5, 1)(x) for x in batches if len(x)])


def _depthwise() -> Array:
    """The other frameworks' kernel in Keras's layout, and moved from that layout."""
    w = np.arange(60.0).reshape(5, 2, 2, 3).transpose(2, 3, 0, 1)
    height, width = 2, 3
    layer = layers.DepthwiseConv2D((2, 3), depth_multiplier=2)
    layer.build((None, 9, 9, 5))
    layer.set_weights([w, np.zeros(10)])
    return np.transpose(layer.get_weights()[0], (2, 3, 0, 1)).reshape(-1, 1, height, width)


REMEDIES: Mapping[str, Answer] = {
    "global_average_pool2d.shape@torch": lambda inputs: (
        first(layers.GlobalAveragePooling2D(keepdims=True)(last(t(inputs["x"])))).shape
    ),
    "conv_transpose2d.kernel_layout@torch": lambda _: (
        np.transpose(kernel(layers.Conv2DTranspose(7, (2, 3))), (3, 2, 0, 1)).shape
    ),
    "depthwise_conv2d.kernel_layout@torch": lambda _: _depthwise(),
    "concat.axis@alike": call(lambda x: layers.Concatenate(axis=1)([x, x + 1])),
    "reshape.zero@alike": lambda inputs: ops.reshape(t(inputs["x"]), (2, -1)).shape,
    "conv2d.empty@alike": lambda _: _counted([np.zeros((0, 4, 4, 3), np.float32), np.zeros((1, 4, 4, 3), np.float32)]),
    "flatten.walks@torch": call(lambda x: layers.Flatten()(layers.Permute((3, 1, 2))(ops.transpose(x, (1, 2, 0))[None]))[0]),
}
