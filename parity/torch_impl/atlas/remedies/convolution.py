"""Owns what the atlas advises for PyTorch about convolution, pooling, resizing, embedding, dropout, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, Inputs, call
from parity.torch_impl.atlas.remedies.building import IMAGE, KERNEL, table, within


def convolved(layer: nn.Module, x: Tensor = IMAGE) -> Tensor:
    layer.weight.data = KERNEL
    return layer(x).ravel()


def _same(_: Inputs) -> Tensor:
    x = F.pad(IMAGE, (0, 1, 0, 1))
    return convolved(nn.Conv2d(1, 1, 3, stride=2, padding=0, bias=False), x)


def _written_table(_: Inputs) -> Tensor:
    """A flattened image mapped by a dense kernel."""
    image = torch.arange(24.0).reshape(2, 3, 4) % 7
    kernel = torch.arange(48.0).reshape(24, 2) % 5
    return torch.flatten(image[None], 1) @ kernel


REMEDIES: Mapping[str, Answer] = {
    "conv2d.kernel_layout@keras": lambda _: np.transpose(nn.Conv2d(5, 7, (2, 3)).weight.detach().numpy(), (2, 3, 1, 0)).shape,
    "dense.kernel_layout@keras": lambda _: nn.Linear(5, 7).weight.T.shape,
    "conv2d.input_layout@torch": _written_table,
    "conv2d.same_stride_2@keras": _same,
    "conv2d.same_stride_2@torch": lambda _: convolved(nn.Conv2d(1, 1, 3, stride=2, padding=1, bias=False)),
    "average_pool2d.corner@keras": call(lambda x: nn.AvgPool2d(3, 1, 1, count_include_pad=False)(x[None, None])[0, 0, 0, 0]),
    "upsample.bilinear@mxnet": call(
        lambda x: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)(x[None, None])[0, 0, 0]
    ),
    "resize.nearest@keras": call(lambda x: F.interpolate(x[None, None], size=(1, 3), mode="nearest-exact")[0, 0, 0]),
    "embedding.beyond@alike": within,
    "embedding.negative@alike": within,
    "embedding.negative@keras": call(lambda index: table(index % 5), "index"),
    "one_hot.beyond@keras": call(lambda labels: (labels[:, None] == torch.arange(3)).float(), "index"),
}
