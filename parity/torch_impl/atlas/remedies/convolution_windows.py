"""Owns what the atlas advises for PyTorch about windows: padding, strides, patches, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.execution.protocol import Array
from parity.torch_impl.atlas.asking import Answer, Inputs, call, t
from parity.torch_impl.atlas.remedies.building import IMAGE, KERNEL, table


def _patches(inputs: Inputs) -> Array:
    patches = nn.Unfold(2)(t(inputs["x"])[None]).numpy().ravel()
    return np.asarray(patches.reshape(-1, 2, 2, 2).transpose(0, 2, 3, 1).ravel())


def _dropped(inputs: Inputs) -> Tensor:
    self = nn.Module().eval()
    return F.dropout(t(inputs["x"]), 0.75, training=self.training).max()


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


REMEDIES: Mapping[str, Answer] = {
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
    "embedding.float_index@alike": call(lambda x: table(x.long())),
    "split.number_means@keras": lambda inputs: len(torch.chunk(t(inputs["x"]), 2)),
    "repeat.order@keras": call(lambda x: torch.repeat_interleave(x, 2)),
    "flatten.keeps@keras": lambda inputs: torch.flatten(t(inputs["x"]), 1).shape,
    "flatten.keeps@mxnet": lambda inputs: nn.Flatten()(t(inputs["x"])).shape,
    "dot.axes@alike": lambda inputs: torch.matmul(t(inputs["x"]), t(inputs["y"]).float()),
}
