"""Owns what the atlas advises for MXNet about the shapes of layers and arrays, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, call, started, t
from parity.mxnet_impl.atlas.remedies.building import moved
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


def _counted(batches: list[Any]) -> int:
    return len([started(nn.Conv2D(5, 1))(x) for x in batches if len(x)])


def _depthwise() -> Array:
    return np.arange(60.0).reshape(10, 1, 2, 3)


REMEDIES: Mapping[str, Answer] = {
    "dense.flattens@torch": lambda inputs: started(nn.Dense(5, flatten=False))(t(inputs["x"])).shape,
    "global_average_pool2d.shape@keras": lambda inputs: nd.flatten(nn.GlobalAvgPool2D()(t(inputs["x"]))).shape,
    "max_pool2d.function_stride@torch": lambda inputs: nd.Pooling(
        t(inputs["x"])[None, None], kernel=(1, 2), stride=(1, 2), pool_type="max"
    ).shape[-1],
    "conv_transpose2d.kernel_layout@keras": lambda _: moved(nn.Conv2DTranspose(7, (2, 3), in_channels=5)),
    "depthwise_conv2d.kernel_layout@torch": lambda _: _depthwise(),
    "concat.axis@alike": call(lambda x: nd.concat(x, x + 1, dim=1)),
    "reshape.zero@alike": lambda inputs: t(inputs["x"]).reshape((2, -1)).shape,
    "conv2d.empty@alike": lambda _: _counted([nd.array(np.zeros((count, 3, 4, 4))) for count in (0, 1)]),
}
