"""Owns what the atlas advises for PyTorch about the shapes of layers and arrays, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, call, t


def _counted(batches: list[Tensor]) -> int:
    return len([nn.Conv2d(3, 5, 1)(x) for x in batches if len(x)])


REMEDIES: Mapping[str, Answer] = {
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
    "flatten.walks@torch": call(lambda x: nn.Flatten()(x[None])[0]),
}
