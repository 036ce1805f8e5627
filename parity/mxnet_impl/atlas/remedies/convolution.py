"""Owns what the atlas advises for MXNet about convolution, pooling, resizing, embedding, dropout, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, started, t
from parity.mxnet_impl.atlas.remedies.building import IMAGE, convolved, moved, n, table
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


def _same(_: Inputs) -> Array:
    x = nd.pad(IMAGE, mode="constant", pad_width=(0, 0, 0, 0, 0, 1, 0, 1))
    return convolved(nn.Conv2D(1, 3, strides=2, use_bias=False, in_channels=1), x).ravel()


def _within(inputs: Inputs) -> bool:
    index = t(inputs["index"])
    return bool(index.min().asscalar() >= 0 and index.max().asscalar() < 5)


def _flattened(_: Inputs) -> Array:
    image = nd.array(np.arange(24).reshape(2, 3, 4) % 7)
    kernel = nd.array(np.arange(48).reshape(24, 2) % 5)
    return n(nd.dot(nd.flatten(image[None]), kernel))


REMEDIES: Mapping[str, Answer] = {
    "conv2d.kernel_layout@keras": lambda _: moved(nn.Conv2D(7, (2, 3), in_channels=5)),
    "dense.kernel_layout@keras": lambda _: n(started(nn.Dense(7, in_units=5)).weight.data()).T.shape,
    "conv2d.input_layout@torch": _flattened,
    "conv2d.same_stride_2@keras": _same,
    "conv2d.same_stride_2@torch": lambda _: convolved(
        nn.Conv2D(1, 3, strides=2, padding=1, use_bias=False, in_channels=1)
    ).ravel(),
    "average_pool2d.corner@keras": call(lambda x: nn.AvgPool2D(3, 1, 1, count_include_pad=False)(x[None, None])[0, 0, 0, 0]),
    "upsample.bilinear@keras": call(
        lambda x: nd.contrib.BilinearResize2D(x[None, None], height=4, width=4, align_corners=False)[0, 0, 0]
    ),
    "embedding.beyond@alike": _within,
    "embedding.negative@alike": _within,
    "embedding.negative@keras": call(lambda index: table(index % 5), "index"),
}
