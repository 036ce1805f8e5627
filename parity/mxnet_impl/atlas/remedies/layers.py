"""Owns what the atlas advises for MXNet about normalization, convolution and related layers, as code that runs.

`question@torch`: code that gives PyTorch's answer in MXNet. `question@mxnet`: MXNet's answer, with which the others are
compared. `question@alike`: code that gives the same number in every framework. It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.answers import Answer, Inputs, call, started, t
from parity.mxnet_impl.device import mxnet

nd, autograd, init = mxnet.nd, mxnet.autograd, mxnet.init
nn = mxnet.gluon.nn

ROWS = nd.array([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 2.5]])
IMAGE = nd.array((np.arange(36) * 7 % 36).reshape(1, 1, 6, 6))
KERNEL = nd.array((np.arange(9) - 3).reshape(1, 1, 3, 3))
CUBE = nd.array((np.arange(24) * 5 % 24).reshape(2, 3, 4))
BATCH = nd.array((np.arange(120) * 7 % 120).reshape(2, 3, 4, 5))
PIXELS = nd.array((np.arange(96) * 5 % 96).reshape(2, 4, 3, 4))


def n(array: Any) -> Array:
    return np.asarray(array.asnumpy())


def trained(layer: Any, x: Any) -> Array:
    """The output in training mode; when this returns, the running values have moved."""
    started(layer)
    x.attach_grad()
    with autograd.record():
        out = layer(x)
        total = out.sum()
    total.backward()
    nd.waitall()
    return n(out)


def running(**arguments: Any) -> Array:
    layer = nn.BatchNorm(**arguments)
    trained(layer, ROWS)
    return n(layer.running_mean.data())


def _still(inputs: Inputs) -> Array:
    layer = nn.BatchNorm(use_global_stats=True, momentum=0.25)
    trained(layer, t(inputs["x"]))
    return n(layer.running_mean.data())


def _gains(_: Inputs) -> Array:
    layer = started(nn.GroupNorm(2, scale=False, center=False))
    return n(layer(PIXELS) * nd.arange(1, 5).reshape((1, 4, 1, 1)))


def _two_axes(_: Inputs) -> Array:
    x = BATCH.reshape((2, 3, -1))
    return n(started(nn.LayerNorm(epsilon=1e-3))(x).reshape((2, 3, 4, 5)))


def _scaled(inputs: Inputs) -> Array:
    ones = (nd.full(1, 3.0), nd.zeros(1), nd.zeros(1), nd.full(1, 1.0))
    return n(nd.BatchNorm(t(inputs["x"]), *ones, eps=2.0**-10, fix_gamma=False)[0])


def _epsilon(inputs: Inputs) -> float:
    x = t(inputs["x"])
    return float(nd.BatchNorm(x, nd.ones(1), nd.zeros(1), nd.zeros(1), nd.zeros(1), eps=1e-5).asnumpy()[0, 0]) ** -2


def convolved(layer: Any, x: Any = IMAGE, kernel: Any = KERNEL) -> Array:
    started(layer).weight.set_data(kernel)
    return n(layer(x))


def _same(_: Inputs) -> Array:
    x = nd.pad(IMAGE, mode="constant", pad_width=(0, 0, 0, 0, 0, 1, 0, 1))
    return convolved(nn.Conv2D(1, 3, strides=2, use_bias=False, in_channels=1), x).ravel()


def _transposed(**arguments: int) -> Array:
    return convolved(nn.Conv2DTranspose(1, 3, strides=2, use_bias=False, in_channels=1, **arguments))


def _ceiled(_: Inputs) -> Array:
    x = nd.array([[[[1.0, 2.0, 3.0]]]])
    y = nn.MaxPool2D((1, 2), (1, 2), (0, 1), ceil_mode=True)(x)
    return n(y[:, :, :, :-1])


def _patches(inputs: Inputs) -> Array:
    patches = n(nd.im2col(t(inputs["x"])[None], kernel=(2, 2))).ravel()
    return patches.reshape(-1, 2, 2, 2).transpose(0, 2, 3, 1).ravel()


def _table(index: Any) -> Any:
    return nd.Embedding(index, nd.arange(5).reshape((5, 1)) * 10, input_dim=5, output_dim=1)


def _within(inputs: Inputs) -> bool:
    index = t(inputs["index"])
    return bool(index.min().asscalar() >= 0 and index.max().asscalar() < 5)


def _flattened(_: Inputs) -> Array:
    image = nd.array(np.arange(24).reshape(2, 3, 4) % 7)
    kernel = nd.array(np.arange(48).reshape(24, 2) % 5)
    return n(nd.dot(nd.flatten(image[None]), kernel))


def _extent(x: Any) -> list[int]:
    """Number of axes and number of elements; the order of axes differs between frameworks."""
    return [x.ndim, x.size]


def _counted(batches: list[Any]) -> int:
    return len([started(nn.Conv2D(5, 1))(x) for x in batches if len(x)])


def _drops(inputs: Inputs) -> Array:
    with autograd.train_mode():
        return n(nd.Dropout(t(inputs["x"]), p=0.75).max())


def _frozen(inputs: Inputs) -> Array:
    return trained(nn.BatchNorm(use_global_stats=True, epsilon=2.0**-10), t(inputs["x"]))


def _strided(_: Inputs) -> Array:
    layer = nn.Conv2D(1, 3, strides=2, dilation=2, use_bias=False, in_channels=1)
    return convolved(layer, nd.arange(81).reshape((1, 1, 9, 9)), nd.ones((1, 1, 3, 3)))


def _even(_: Inputs) -> Array:
    x = nd.pad(nd.arange(1, 10).reshape((1, 1, 3, 3)), mode="constant", pad_width=(0, 0, 0, 0, 0, 1, 0, 1))
    kernel = nd.array([1, 10, 100, 1000]).reshape((1, 1, 2, 2))
    return convolved(nn.Conv2D(1, 2, use_bias=False, in_channels=1), x, kernel).ravel()


def _axis(inputs: Inputs) -> int:
    layer = started(nn.BatchNorm(axis=-1))
    layer(t(inputs["x"]))
    return int(layer.gamma.shape[0])


LAYERS: Mapping[str, Answer] = {
    "batch_norm.momentum_means@torch": lambda _: running(momentum=1 - 0.25),
    "batch_norm.axis@keras": _axis,
    "batch_norm.frozen@keras": _frozen,
    "batch_norm.frozen_moves@keras": _still,
    "normalize.tiny@torch": call(lambda x: nd.L2Normalization(x[None], eps=1e-24)[0]),
    "normalize.axis@torch": call(lambda x: nd.L2Normalization(x, mode="channel")[0, 0, 0]),
    "group_norm.gains@torch": _gains,
    "layer_norm.two_axes@torch": _two_axes,
    "batch_norm.function_scale@torch": _scaled,
    "batch_norm.function_epsilon@torch": _epsilon,
    "batch_norm.momentum@mxnet": lambda _: running(),
    "batch_norm.momentum@torch": lambda _: running(momentum=0.9),
    "batch_norm.momentum@keras": lambda _: running(momentum=0.99),
    "layer_norm.axes@keras": lambda _: n(started(nn.LayerNorm(axis=-1, epsilon=1e-3))(ROWS)),
    "instance_norm.shift@torch": lambda _: n(started(nn.InstanceNorm(center=False))(BATCH)),
    "instance_norm.shift@mxnet": lambda _: n(_shifted(nn.InstanceNorm())(BATCH)),
    "local_response_norm.offset@torch": lambda _: n(nd.LRN(PIXELS, nsize=3, knorm=1.0)),
    "local_response_norm.offset@mxnet": lambda _: n(nd.LRN(PIXELS, nsize=3)),
    "conv2d.kernel_layout@keras": lambda _: _moved(nn.Conv2D(7, (2, 3), in_channels=5)),
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
    "upsample.align_corners@torch": lambda _: n(nd.contrib.BilinearResize2D(IMAGE, height=12, width=12, align_corners=False)),
    "upsample.align_corners@mxnet": lambda _: n(nd.contrib.BilinearResize2D(IMAGE, height=12, width=12)),
    "embedding.beyond@alike": _within,
    "embedding.negative@alike": _within,
    "embedding.negative@keras": call(lambda index: _table(index % 5), "index"),
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
    "embedding.float_index@alike": call(lambda x: _table(x.astype("int32"))),
    "split.number_means@torch": lambda inputs: len(nd.split(t(inputs["x"]), 3, axis=0)),
    "repeat.order@torch": call(lambda x: nd.tile(x, 2)),
    "dot.axes@alike": lambda inputs: n(nd.batch_dot(t(inputs["x"]), t(inputs["y"]).astype("float32"))),
    "dense.flattens@torch": lambda inputs: started(nn.Dense(5, flatten=False))(t(inputs["x"])).shape,
    "global_average_pool2d.shape@keras": lambda inputs: nd.flatten(nn.GlobalAvgPool2D()(t(inputs["x"]))).shape,
    "max_pool2d.function_stride@torch": lambda inputs: nd.Pooling(
        t(inputs["x"])[None, None], kernel=(1, 2), stride=(1, 2), pool_type="max"
    ).shape[-1],
    "conv_transpose2d.kernel_layout@keras": lambda _: _moved(nn.Conv2DTranspose(7, (2, 3), in_channels=5)),
    "depthwise_conv2d.kernel_layout@torch": lambda _: _depthwise(),
    "concat.axis@alike": call(lambda x: nd.concat(x, x + 1, dim=1)),
    "reshape.zero@alike": lambda inputs: t(inputs["x"]).reshape((2, -1)).shape,
    "conv2d.empty@alike": lambda _: _counted([nd.array(np.zeros((count, 3, 4, 4))) for count in (0, 1)]),
    "hard_sigmoid.form@torch": call(lambda x: nd.hard_sigmoid(x, alpha=1 / 6, beta=0.5)),
    "softmax.implicit_axis@keras": call(lambda x: nd.softmax(x, axis=-1)[0, 0, 0]),
    "log_softmax.huge@torch": call(lambda x: nd.log_softmax(x - x.max())),
    "relu.minus_zero@alike": call(lambda x: 1 / (nd.relu(x) + 0.0)),
    "elu.function_alpha@torch": call(lambda x: -nd.LeakyReLU(x, act_type="elu", slope=1.0)),
    "rrelu.evaluation@torch": call(lambda x: -nd.LeakyReLU(x, act_type="rrelu", lower_bound=1 / 8, upper_bound=1 / 3)[0]),
    "prelu.count@alike": lambda _: started(nn.PReLU(in_channels=5)).alpha.data().size,
    "leaky_relu.function_slope@torch": lambda _: n(nd.LeakyReLU(ROWS, slope=0.01)),
    "leaky_relu.function_slope@keras": lambda _: n(nd.LeakyReLU(ROWS, slope=0.2)),
    "leaky_relu.function_slope@mxnet": lambda _: n(nd.LeakyReLU(ROWS)),
    "prelu.start@torch": lambda _: n(started(nn.PReLU())(ROWS)),
    "prelu.start@keras": lambda _: n(started(nn.PReLU(alpha_initializer=init.Constant(0.0)))(ROWS)),
    "softmax.axis@keras": lambda _: n(nd.softmax(CUBE / 9)),
    "log_softmax.axis@keras": lambda _: n(nd.log_softmax(CUBE / 9)),
}


def _shifted(layer: Any) -> Any:
    started(layer)(BATCH)
    layer.beta.set_data(nd.arange(3))
    return layer


def _moved(layer: Any) -> tuple[int, ...]:
    return tuple(np.transpose(n(started(layer).weight.data()), (2, 3, 1, 0)).shape)


def _depthwise() -> Array:
    return np.arange(60.0).reshape(10, 1, 2, 3)
