"""Owns MXNet's answers to the atlas about convolution, pooling, resizing, embedding, dropout.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, called, started, t
from parity.mxnet_impl.device import mxnet

autograd, nd, nn = mxnet.autograd, mxnet.nd, mxnet.gluon.nn


def _conv(inputs: Inputs, **arguments: Any) -> Array:
    layer = started(nn.Conv2D(1, inputs["kernel"].shape, use_bias=False, in_channels=1, **arguments))
    layer.weight.set_data(t(inputs["kernel"])[None, None])
    return np.asarray(layer(t(inputs["x"])[None, None]).asnumpy()[0, 0])


def _dropped(inputs: Inputs) -> float:
    with autograd.record():
        return float(nd.Dropout(t(inputs["x"]), p=0.75).max().asscalar())


def _embedded(inputs: Inputs) -> Array:
    table = nd.arange(5).reshape((5, 1)) * 10
    return np.asarray(nd.Embedding(t(inputs["index"]), table, input_dim=5, output_dim=1).asnumpy())


ANSWERS: Mapping[str, Answer] = {
    "conv2d.kernel_layout": lambda _: nn.Conv2D(7, (2, 3), in_channels=5).weight.shape,
    "conv2d.input_layout": lambda inputs: called(nn.Conv2D(2, 1), inputs).weight.shape[1],
    "conv2d.flips": _conv,
    "conv2d.same_stride_2": lambda inputs: _conv(inputs, strides=2, padding="same"),
    "dense.kernel_layout": lambda _: nn.Dense(7, in_units=5).weight.shape,
    "average_pool2d.corner": call(lambda x: nn.AvgPool2D(3, 1, 1)(x[None, None])[0, 0, 0, 0]),
    "max_pool2d.odd_end": lambda inputs: nn.MaxPool2D((1, 2))(t(inputs["x"])[None, None]).shape[-1],
    "upsample.bilinear": call(lambda x: nd.contrib.BilinearResize2D(x[None, None], height=4, width=4)[0, 0, 0]),
    "conv_transpose2d.size": lambda _: started(nn.Conv2DTranspose(1, 3, strides=2))(nd.zeros((1, 1, 4, 4))).shape[-1],
    "dropout.survivors": _dropped,
    "embedding.beyond": _embedded,
    "embedding.negative": _embedded,
    "one_hot.beyond": call(lambda i: nd.one_hot(i, 3), "index"),
}
