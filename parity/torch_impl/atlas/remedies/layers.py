"""Owns what the atlas advises for PyTorch about normalization, convolution and related layers, as code that runs.

`question@keras`: code that gives Keras's answer in PyTorch. `question@torch`: PyTorch's answer, with which the others are
compared. `question@alike`: code that gives the same number in every framework. It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.execution.protocol import Array
from parity.torch_impl.atlas.answers import Answer, Inputs, call, dtype, t

ROWS = torch.tensor([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 2.5]])
IMAGE = (torch.arange(36.0) * 7 % 36).reshape(1, 1, 6, 6)
KERNEL = (torch.arange(9.0) - 3).reshape(1, 1, 3, 3)
CUBE = (torch.arange(24.0) * 5 % 24).reshape(2, 3, 4)
BATCH = (torch.arange(120.0) * 7 % 120).reshape(2, 3, 4, 5)
PIXELS = (torch.arange(96.0) * 5 % 96).reshape(2, 4, 3, 4)


def running(**arguments: Any) -> Tensor:
    """The running mean after one batch."""
    layer = nn.BatchNorm1d(2, **arguments)
    layer(ROWS)
    return layer.running_mean


def _biased(inputs: Inputs) -> Tensor:
    x = t(inputs["x"])
    layer = nn.BatchNorm1d(2, momentum=0.0)
    layer(x)
    return layer.running_var.lerp_(x.var(0, correction=0), 0.75)


def _still(inputs: Inputs) -> Tensor:
    layer = nn.BatchNorm1d(2, momentum=0.25)
    layer.requires_grad_(False)
    layer.eval()
    layer(t(inputs["x"]))
    return layer.running_mean


def _frozen(inputs: Inputs) -> Tensor:
    layer = nn.BatchNorm1d(2, eps=2.0**-10)
    layer.requires_grad_(False)
    layer.eval()
    return layer(t(inputs["x"]))


def _saved(_: Inputs) -> int:
    return len([key for key in nn.BatchNorm2d(3).state_dict() if key != "num_batches_tracked"])


def _gains(_: Inputs) -> Tensor:
    layer = nn.GroupNorm(2, 4)
    layer.weight.data = torch.arange(1.0, 5.0)
    return layer(PIXELS)


def _half(_: Inputs) -> Tensor:
    model = nn.Sequential(nn.BatchNorm2d(3)).half()
    layer = model[0]
    layer.float()
    return layer.running_var


def _epsilon(x: Tensor, **arguments: float) -> float:
    return float(x.ravel()[0] / F.batch_norm(x, torch.zeros(1), torch.zeros(1), **arguments).ravel()[0]) ** 2


def _shifted(_: Inputs) -> Tensor:
    layer = nn.InstanceNorm2d(3, affine=True)
    layer.weight.requires_grad_(False)
    layer.bias.data.copy_(torch.arange(3.0))
    return layer(BATCH)


def convolved(layer: nn.Module, x: Tensor = IMAGE) -> Tensor:
    layer.weight.data = KERNEL
    return layer(x).ravel()


def _same(_: Inputs) -> Tensor:
    x = F.pad(IMAGE, (0, 1, 0, 1))
    return convolved(nn.Conv2d(1, 1, 3, stride=2, padding=0, bias=False), x)


def _patches(inputs: Inputs) -> Array:
    patches = nn.Unfold(2)(t(inputs["x"])[None]).numpy().ravel()
    return np.asarray(patches.reshape(-1, 2, 2, 2).transpose(0, 2, 3, 1).ravel())


def _dropped(inputs: Inputs) -> Tensor:
    self = nn.Module().eval()
    return F.dropout(t(inputs["x"]), 0.75, training=self.training).max()


def _table(index: Tensor) -> Tensor:
    return nn.Embedding.from_pretrained(torch.arange(5.0)[:, None] * 10)(index)


def _written_table(_: Inputs) -> Tensor:
    """A flattened image mapped by a dense kernel."""
    image = torch.arange(24.0).reshape(2, 3, 4) % 7
    kernel = torch.arange(48.0).reshape(24, 2) % 5
    return torch.flatten(image[None], 1) @ kernel


def within(inputs: Inputs) -> bool:
    index = t(inputs["index"])
    return bool(index.min() >= 0 and index.max() < 5)


def _counted(batches: list[Tensor]) -> int:
    return len([nn.Conv2d(3, 5, 1)(x) for x in batches if len(x)])


LAYERS: Mapping[str, Answer] = {
    "batch_norm.momentum_means@keras": lambda _: running(momentum=1 - 0.25),
    "batch_norm.running_variance@keras": _biased,
    "batch_norm.axis@keras": lambda inputs: _lazily(t(inputs["x"]).movedim(-1, 1)),
    "batch_norm.frozen@keras": _frozen,
    "batch_norm.frozen_moves@keras": _still,
    "normalize.tiny@mxnet": call(lambda x: x / (x.square().sum(-1, keepdim=True) + 1e-10).sqrt()),
    "normalize.axis@keras": call(lambda x: F.normalize(x, dim=-1)[0, 0, 0]),
    "normalize.axis@mxnet": call(lambda x: F.normalize(x.flatten(1), dim=-1)[0, 0]),
    "group_norm.gains@torch": _gains,
    "batch_norm.half_statistics@mxnet": dtype(_half),
    "batch_norm.saved@keras": _saved,
    "layer_norm.two_axes@torch": lambda _: nn.LayerNorm((4, 5), eps=1e-3)(BATCH),
    "batch_norm.function_epsilon@keras": call(lambda x: torch.tensor(_epsilon(x, eps=1e-3))),
    "rms_norm.epsilon_in_effect@keras": lambda inputs: (
        float(t(inputs["x"])[0, 0] / nn.RMSNorm(2, eps=1e-6)(t(inputs["x"]))[0, 0]) ** 2 - 1e-12
    ),
    "batch_norm.momentum@torch": lambda _: running(),
    "batch_norm.momentum@keras": lambda _: running(momentum=0.01),
    "batch_norm.momentum@mxnet": lambda _: running(momentum=0.1),
    "layer_norm.axes@keras": lambda _: nn.LayerNorm(2, eps=1e-3)(ROWS),
    "rms_norm.epsilon@torch": lambda _: nn.RMSNorm(2)(ROWS * 1e-4),
    "rms_norm.epsilon@keras": lambda _: nn.RMSNorm(2, eps=1e-6)(ROWS * 1e-4),
    "instance_norm.shift@torch": lambda _: nn.InstanceNorm2d(3)(BATCH),
    "instance_norm.shift@mxnet": _shifted,
    "local_response_norm.offset@torch": lambda _: nn.LocalResponseNorm(3)(PIXELS),
    "local_response_norm.offset@mxnet": lambda _: nn.LocalResponseNorm(3, k=2.0)(PIXELS),
    "conv2d.kernel_layout@keras": lambda _: np.transpose(nn.Conv2d(5, 7, (2, 3)).weight.detach().numpy(), (2, 3, 1, 0)).shape,
    "dense.kernel_layout@keras": lambda _: nn.Linear(5, 7).weight.T.shape,
    "conv2d.input_layout@torch": _written_table,
    "conv2d.same_stride_2@keras": _same,
    "conv2d.same_stride_2@torch": lambda _: convolved(nn.Conv2d(1, 1, 3, stride=2, padding=1, bias=False)),
    "average_pool2d.corner@keras": call(lambda x: nn.AvgPool2d(3, 1, 1, count_include_pad=False)(x[None, None])[0, 0, 0, 0]),
    "upsample.bilinear@mxnet": call(
        lambda x: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)(x[None, None])[0, 0, 0]
    ),
    "upsample.align_corners@torch": lambda _: nn.Upsample(scale_factor=2, mode="bilinear")(IMAGE),
    "upsample.align_corners@mxnet": lambda _: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)(IMAGE),
    "resize.nearest@keras": call(lambda x: F.interpolate(x[None, None], size=(1, 3), mode="nearest-exact")[0, 0, 0]),
    "embedding.beyond@alike": within,
    "embedding.negative@alike": within,
    "embedding.negative@keras": call(lambda index: _table(index % 5), "index"),
    "one_hot.beyond@keras": call(lambda labels: (labels[:, None] == torch.arange(3)).float(), "index"),
    "conv2d.same_even@torch": lambda _: convolved_row(nn.Conv2d(1, 1, 2, padding="same", bias=False)),
    "conv2d.stride_and_dilation@torch": lambda _: nn_ones(nn.Conv2d(1, 1, 3, stride=2, dilation=2, bias=False)),
    "conv2d.unbatched@alike": lambda _: _extent(nn.Conv2d(3, 5, 1)(torch.zeros(3, 4, 4)[None])),
    "dense.vector@alike": lambda inputs: nn.Linear(4, 2)(t(inputs["x"])[None]).shape,
    "max_pool2d.stem@torch": lambda _: nn.MaxPool2d(3, 2, 1)(IMAGE),
    "max_pool2d.stem@keras": lambda _: nn.MaxPool2d(3, 2)(F.pad(IMAGE, (0, 1, 0, 1))),
    "max_pool2d.ceil_beyond@torch": lambda _: nn.MaxPool2d((1, 2), (1, 2), (0, 1), ceil_mode=True)(
        torch.tensor([[[[1.0, 2.0, 3.0]]]])
    ),
    "max_pool2d.nan@keras": call(lambda x: nn.MaxPool2d((1, 2))(torch.nan_to_num(x, nan=-torch.inf)[None, None])),
    "conv_transpose2d.same_cut@keras": lambda _: _transposed(padding=0)[..., :-1, :-1].ravel(),
    "conv_transpose2d.same_cut@torch": lambda _: _transposed(padding=1, output_padding=1).ravel(),
    "conv_transpose2d.gap@keras": lambda _: nn.ConvTranspose2d(1, 1, 1, stride=2, output_padding=1)(
        torch.zeros(1, 1, 4, 4)
    ).shape[-1],
    "pad.order@torch": call(lambda x: F.pad(x + 1, (1, 2))),
    "extract_patches.order@keras": _patches,
    "depth_to_space.order@keras": call(lambda x: nn.PixelShuffle(2)(x.reshape(4, 2).T.reshape(1, 8, 1, 1)).ravel()),
    "grid_sample.edge@mxnet": call(lambda x: F.grid_sample(x[None, None], torch.tensor([[[[-1.0, 0.0]]]]), align_corners=True)),
    "dropout.everything@torch": call(lambda x: F.dropout(x, 1.0, training=True)),
    "dropout.function_mode@mxnet": _dropped,
    "embedding.float_index@alike": call(lambda x: _table(x.long())),
    "split.number_means@keras": lambda inputs: len(torch.chunk(t(inputs["x"]), 2)),
    "repeat.order@keras": call(lambda x: torch.repeat_interleave(x, 2)),
    "flatten.keeps@keras": lambda inputs: torch.flatten(t(inputs["x"]), 1).shape,
    "flatten.keeps@mxnet": lambda inputs: nn.Flatten()(t(inputs["x"])).shape,
    "dot.axes@alike": lambda inputs: torch.matmul(t(inputs["x"]), t(inputs["y"]).float()),
    "global_average_pool2d.shape@keras": lambda inputs: torch.flatten(nn.AdaptiveAvgPool2d(1)(t(inputs["x"])), 1).shape,
    "conv_transpose2d.kernel_layout@keras": lambda _: (
        np.transpose(nn.ConvTranspose2d(5, 7, (2, 3)).weight.detach().numpy(), (2, 3, 1, 0)).shape
    ),
    "depthwise_conv2d.kernel_layout@torch": lambda _: np.arange(60.0).reshape(10, 1, 2, 3),
    "resize.bicubic@keras": call(
        lambda x: F.interpolate(x[None, None, None], scale_factor=(1.0, 2.0), mode="bicubic", antialias=True)[0, 0, 0, 5:12]
    ),
    "concat.axis@alike": call(lambda x: torch.cat([x, x + 1], dim=1)),
    "reshape.zero@alike": lambda inputs: t(inputs["x"]).reshape(2, -1).shape,
    "conv2d.empty@alike": lambda _: _counted([torch.zeros(0, 3, 4, 4), torch.zeros(1, 3, 4, 4)]),
    "hard_sigmoid.form@mxnet": call(lambda x: torch.clip(0.2 * x + 0.5, 0, 1)),
    "softmax.implicit_axis@keras": call(lambda x: torch.softmax(x, dim=-1)[0, 0, 0]),
    "log_softmax.huge@mxnet": call(lambda x: torch.log_softmax(x, dim=-1)),
    "relu.minus_zero@alike": call(lambda x: 1 / (F.relu(x) + 0.0)),
    "elu.function_alpha@mxnet": call(lambda x: -F.elu(x, alpha=0.25)),
    "rrelu.evaluation@mxnet": call(lambda x: -F.rrelu(x, lower=0.125, upper=0.334)),
    "prelu.count@alike": lambda _: nn.PReLU(5).weight.numel(),
    "leaky_relu.function_slope@torch": lambda _: F.leaky_relu(ROWS),
    "leaky_relu.function_slope@keras": lambda _: F.leaky_relu(ROWS, negative_slope=0.2),
    "leaky_relu.function_slope@mxnet": lambda _: F.leaky_relu(ROWS, negative_slope=0.25),
    "prelu.start@torch": lambda _: nn.PReLU()(ROWS),
    "prelu.start@keras": lambda _: nn.PReLU(init=0.0)(ROWS),
    "softmax.axis@keras": lambda _: nn.Softmax(dim=-1)(CUBE / 9),
    "log_softmax.axis@keras": lambda _: nn.LogSoftmax(dim=-1)(CUBE / 9),
    "flatten.walks@torch": call(lambda x: nn.Flatten()(x[None])[0]),
}


def _lazily(x: Tensor) -> int:
    layer = nn.LazyBatchNorm2d()
    layer(x)
    return int(layer.weight.numel())


def _extent(x: Tensor) -> list[int]:
    """Number of axes and number of elements; the order of axes differs between frameworks."""
    return [x.ndim, x.numel()]


def convolved_row(layer: nn.Module) -> Tensor:
    layer.weight.data = torch.tensor([[[[1.0, 10.0], [100.0, 1000.0]]]])
    return layer(torch.arange(1.0, 10.0).reshape(1, 1, 3, 3)).ravel()


def nn_ones(layer: nn.Module) -> Tensor:
    layer.weight.data.fill_(1.0)
    return layer(torch.arange(81.0).reshape(1, 1, 9, 9)).ravel()


def _transposed(**arguments: int) -> Tensor:
    layer = nn.ConvTranspose2d(1, 1, 3, stride=2, bias=False, **arguments)
    layer.weight.data = KERNEL
    return layer(IMAGE)
