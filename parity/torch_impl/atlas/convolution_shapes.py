"""Owns PyTorch's answers to the atlas about the shapes of layers and arrays.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, call, t


def shape(function: Callable[[Tensor], Tensor]) -> Answer:
    return lambda inputs: function(t(inputs["x"])).shape


ANSWERS: Mapping[str, Answer] = {
    "dense.flattens": shape(nn.Linear(4, 5)),
    "global_average_pool2d.shape": shape(nn.AdaptiveAvgPool2d(1)),
    "max_pool2d.function_stride": lambda inputs: F.max_pool2d(t(inputs["x"])[None, None], (1, 2)).shape[-1],
    "max_pool2d.padding_value": call(lambda x: F.max_pool2d(x[None, None], (1, 2), 1, (0, 1))[0, 0, 0, 0]),
    "average_pool2d.ceil_divisor": call(lambda x: nn.AvgPool2d((1, 2), ceil_mode=True)(x[None, None])[0, 0, 0, -1]),
    "conv_transpose2d.kernel_layout": lambda _: nn.ConvTranspose2d(5, 7, (2, 3)).weight.shape,
    "depthwise_conv2d.kernel_layout": lambda _: nn.Conv2d(5, 10, (2, 3), groups=5).weight.shape,
    "resize.bicubic": call(
        lambda x: F.interpolate(x[None, None, None], scale_factor=(1.0, 2.0), mode="bicubic")[0, 0, 0, 5:12]
    ),
    "resize.antialias": call(lambda x: F.interpolate(x[None, None, None], size=(1, 2), mode="bilinear")[0, 0, 0]),
    "concat.axis": shape(lambda x: torch.cat([x, x])),
    "reshape.zero": shape(lambda x: x.reshape(0, -1)),
    "conv2d.empty": lambda _: nn.Conv2d(3, 5, 1)(torch.zeros(0, 3, 4, 4)).shape,
    "flatten.walks": call(lambda x: nn.Flatten()(x[None])[0]),
}
