"""Owns MXNet's answers to the atlas about the shapes of layers and arrays.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from parity.mxnet_impl.atlas.asking import Answer, call, started, t
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


def shape(function: Callable[[Any], Any]) -> Answer:
    return lambda inputs: function(t(inputs["x"])).shape


ANSWERS: Mapping[str, Answer] = {
    "dense.flattens": shape(started(nn.Dense(5))),
    "global_average_pool2d.shape": shape(nn.GlobalAvgPool2D()),
    "max_pool2d.function_stride": lambda inputs: nd.Pooling(t(inputs["x"])[None, None], kernel=(1, 2), pool_type="max").shape[
        -1
    ],
    "max_pool2d.padding_value": call(lambda x: nn.MaxPool2D((1, 2), 1, (0, 1))(x[None, None])[0, 0, 0, 0]),
    "average_pool2d.ceil_divisor": call(lambda x: nn.AvgPool2D((1, 2), ceil_mode=True)(x[None, None])[0, 0, 0, -1]),
    "conv_transpose2d.kernel_layout": lambda _: nn.Conv2DTranspose(7, (2, 3), in_channels=5).weight.shape,
    "depthwise_conv2d.kernel_layout": lambda _: nn.Conv2D(10, (2, 3), groups=5, in_channels=5).weight.shape,
    "resize.antialias": call(lambda x: nd.contrib.BilinearResize2D(x[None, None, None], height=1, width=2)[0, 0, 0]),
    "concat.axis": shape(lambda x: nd.concat(x, x)),
    "reshape.zero": shape(lambda x: x.reshape((0, -1))),
    "conv2d.empty": lambda _: started(nn.Conv2D(5, 1, in_channels=3))(nd.zeros((0, 3, 4, 4))).shape,
    "flatten.walks": call(lambda x: nn.Flatten()(x[None])[0]),
}
