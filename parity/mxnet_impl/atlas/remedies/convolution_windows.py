"""Owns what the atlas advises for MXNet about windows: padding, strides, patches, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, started, t
from parity.mxnet_impl.atlas.remedies.building import convolved, n, table
from parity.mxnet_impl.device import mxnet

autograd, nd, nn = mxnet.autograd, mxnet.nd, mxnet.gluon.nn


def _transposed(**arguments: int) -> Array:
    return convolved(nn.Conv2DTranspose(1, 3, strides=2, use_bias=False, in_channels=1, **arguments))


def _ceiled(_: Inputs) -> Array:
    x = nd.array([[[[1.0, 2.0, 3.0]]]])
    y = nn.MaxPool2D((1, 2), (1, 2), (0, 1), ceil_mode=True)(x)
    return n(y[:, :, :, :-1])


def _patches(inputs: Inputs) -> Array:
    patches = n(nd.im2col(t(inputs["x"])[None], kernel=(2, 2))).ravel()
    return patches.reshape(-1, 2, 2, 2).transpose(0, 2, 3, 1).ravel()


def _extent(x: Any) -> list[int]:
    """Number of axes and number of elements; the order of axes differs between frameworks."""
    return [x.ndim, x.size]


def _drops(inputs: Inputs) -> Array:
    with autograd.train_mode():
        return n(nd.Dropout(t(inputs["x"]), p=0.75).max())


def _strided(_: Inputs) -> Array:
    layer = nn.Conv2D(1, 3, strides=2, dilation=2, use_bias=False, in_channels=1)
    return convolved(layer, nd.arange(81).reshape((1, 1, 9, 9)), nd.ones((1, 1, 3, 3)))


def _even(_: Inputs) -> Array:
    x = nd.pad(nd.arange(1, 10).reshape((1, 1, 3, 3)), mode="constant", pad_width=(0, 0, 0, 0, 0, 1, 0, 1))
    kernel = nd.array([1, 10, 100, 1000]).reshape((1, 1, 2, 2))
    return convolved(nn.Conv2D(1, 2, use_bias=False, in_channels=1), x, kernel).ravel()


REMEDIES: Mapping[str, Answer] = {
    "conv2d.same_even@torch": _even,
    "conv2d.stride_and_dilation@torch": lambda inputs: _strided(inputs).ravel(),
    "conv2d.unbatched@alike": lambda _: _extent(started(nn.Conv2D(5, 1))(nd.zeros((3, 4, 4))[None])),
    "dense.vector@alike": lambda inputs: started(nn.Dense(2))(t(inputs["x"])[None]).shape,
    "max_pool2d.ceil_beyond@torch": _ceiled,
    "conv_transpose2d.same_cut@keras": lambda _: _transposed(padding=0)[..., :-1, :-1].ravel(),
    "conv_transpose2d.gap@keras": lambda _: started(nn.Conv2DTranspose(1, 1, strides=2, output_padding=1))(
        nd.zeros((1, 1, 4, 4))
    ).shape[-1],
    "pad.order@torch": call(lambda x: nd.pad(x + 1, mode="constant", pad_width=(0, 0, 0, 0, 0, 0, 1, 2))),
    "extract_patches.order@keras": _patches,
    "depth_to_space.order@torch": call(
        lambda x: nd.depth_to_space(x.reshape((2, 4)).T.reshape((1, 8, 1, 1)), 2).reshape((-1,))
    ),
    "resize.size_order@torch": lambda inputs: nd.image.resize(t(inputs["x"]), size=(3, 2)).shape[:2],
    "dropout.everything@torch": call(lambda x: x * 0),
    "dropout.function_mode@torch": _drops,
    "embedding.float_index@alike": call(lambda x: table(x.astype("int32"))),
    "split.number_means@torch": lambda inputs: len(nd.split(t(inputs["x"]), 3, axis=0)),
    "repeat.order@torch": call(lambda x: nd.tile(x, 2)),
    "dot.axes@alike": lambda inputs: n(nd.batch_dot(t(inputs["x"]), t(inputs["y"]).astype("float32"))),
}
