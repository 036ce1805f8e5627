"""Owns MXNet's answers to the atlas about windows: padding, strides, patches.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, started, t
from parity.mxnet_impl.device import mxnet

autograd, nd, nn = mxnet.autograd, mxnet.nd, mxnet.gluon.nn


def _conv(inputs: Inputs) -> Array:
    layer = started(nn.Conv2D(1, (1, 2), padding="same", use_bias=False, in_channels=1))
    layer.weight.set_data(t(inputs["kernel"])[None, None])
    return np.asarray(layer(t(inputs["x"])[None, None]).asnumpy())


def _transposed(inputs: Inputs) -> Array:
    layer = started(nn.Conv2DTranspose(1, (1, 3), (1, 2), (0, 1), (0, 1), use_bias=False, in_channels=1))
    layer.weight.set_data(t(inputs["kernel"])[None, None])
    return np.asarray(layer(t(inputs["x"])[None, None]).asnumpy().ravel())


def _ceiled(inputs: Inputs) -> int:
    return int(nn.MaxPool2D((1, 2), (1, 2), (0, 1), ceil_mode=True)(t(inputs["x"])[None, None]).shape[-1])


def _dropped(inputs: Inputs) -> Array:
    with autograd.record():
        return np.asarray(nd.Dropout(t(inputs["x"]), p=1.0).asnumpy())


ANSWERS: Mapping[str, Answer] = {
    "conv2d.same_even": _conv,
    "conv2d.stride_and_dilation": lambda _: started(nn.Conv2D(1, 3, 2, dilation=2))(nd.zeros((1, 1, 9, 9))).shape[-1],
    "conv2d.unbatched": lambda _: started(nn.Conv2D(5, 1))(nd.zeros((3, 4, 4))).shape,
    "dense.vector": lambda inputs: started(nn.Dense(2))(t(inputs["x"])).shape,
    "max_pool2d.stem": call(lambda x: nn.MaxPool2D((1, 3), (1, 2), (0, 1))(x[None, None])),
    "max_pool2d.ceil_beyond": _ceiled,
    "max_pool2d.nan": call(lambda x: nn.MaxPool2D((1, 2))(x[None, None])),
    "conv_transpose2d.same_cut": _transposed,
    "conv_transpose2d.gap": lambda _: started(nn.Conv2DTranspose(1, 1, strides=2))(nd.zeros((1, 1, 4, 4))).shape[-1],
    "pad.order": lambda inputs: nd.pad(t(inputs["x"]), mode="constant", pad_width=(1, 2)).shape,
    "extract_patches.order": call(lambda x: nd.im2col(x[None], kernel=(2, 2))),
    "depth_to_space.order": call(lambda x: nd.depth_to_space(x.reshape((1, 8, 1, 1)), 2).reshape((-1,))),
    "grid_sample.edge": call(lambda x: nd.BilinearSampler(x[None, None], nd.array([-1.0, 0.0]).reshape((1, 2, 1, 1)))),
    "adaptive_average_pool2d.windows": call(lambda x: nd.contrib.AdaptiveAvgPooling2D(x[None, None], output_size=(1, 3))),
    "resize.size_order": lambda inputs: nd.image.resize(t(inputs["x"]), size=(2, 3)).shape[:2],
    "dropout.everything": _dropped,
    "dropout.function_mode": call(lambda x: nd.Dropout(x, p=0.75).max()),
    "embedding.float_index": call(lambda x: nd.Embedding(x, nd.arange(5).reshape((5, 1)) * 10, input_dim=5, output_dim=1)),
    "split.number_means": lambda inputs: len(nd.split(t(inputs["x"]), 2, axis=0)),
    "repeat.order": call(lambda x: nd.repeat(x, 2)),
    "flatten.keeps": lambda inputs: nd.flatten(t(inputs["x"])).shape,
    "dot.axes": call(nd.dot, "x", "y"),
}
