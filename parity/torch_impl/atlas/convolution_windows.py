"""Owns PyTorch's answers to the atlas about windows: padding, strides, patches.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from parity.execution.protocol import Array
from parity.torch_impl.atlas.asking import Answer, Inputs, call, t


def _conv(inputs: Inputs, **arguments: str) -> Array:
    kernel = t(inputs["kernel"])[None, None]
    layer = nn.Conv2d(1, 1, kernel.shape[2:], bias=False, **arguments)
    layer.weight.data = kernel
    return np.asarray(layer(t(inputs["x"])[None, None]).detach()[0, 0])


def _transposed(inputs: Inputs) -> Array:
    layer = nn.ConvTranspose2d(1, 1, (1, 3), (1, 2), (0, 1), (0, 1), bias=False)
    layer.weight.data = t(inputs["kernel"])[None, None]
    return np.asarray(layer(t(inputs["x"])[None, None]).detach()).ravel()


def _sampled(inputs: Inputs) -> Array:
    grid = torch.tensor([[[[-1.0, 0.0]]]])
    return np.asarray(F.grid_sample(t(inputs["x"])[None, None], grid))


ANSWERS: Mapping[str, Answer] = {
    "conv2d.same_even": lambda inputs: _conv(inputs, padding="same"),
    "conv2d.stride_and_dilation": lambda _: nn.Conv2d(1, 1, 3, stride=2, dilation=2)(torch.zeros(1, 1, 9, 9)).shape[-1],
    "conv2d.unbatched": lambda _: nn.Conv2d(3, 5, 1)(torch.zeros(3, 4, 4)).shape,
    "dense.vector": lambda inputs: nn.Linear(4, 2)(t(inputs["x"])).shape,
    "max_pool2d.stem": call(lambda x: nn.MaxPool2d((1, 3), (1, 2), (0, 1))(x[None, None])),
    "max_pool2d.ceil_beyond": lambda inputs: nn.MaxPool2d((1, 2), (1, 2), (0, 1), ceil_mode=True)(
        t(inputs["x"])[None, None]
    ).shape[-1],
    "max_pool2d.nan": call(lambda x: nn.MaxPool2d((1, 2))(x[None, None])),
    "conv_transpose2d.same_cut": _transposed,
    "conv_transpose2d.gap": lambda _: nn.ConvTranspose2d(1, 1, 1, stride=2)(torch.zeros(1, 1, 4, 4)).shape[-1],
    "pad.order": lambda inputs: F.pad(t(inputs["x"]), (1, 2)).shape,
    "extract_patches.order": call(lambda x: nn.Unfold(2)(x[None])),
    "depth_to_space.order": call(lambda x: nn.PixelShuffle(2)(x[None, :, None, None]).ravel()),
    "grid_sample.edge": _sampled,
    "adaptive_average_pool2d.windows": call(lambda x: nn.AdaptiveAvgPool2d((1, 3))(x[None, None])),
    "resize.size_order": lambda inputs: F.interpolate(t(inputs["x"])[None, None, ..., 0], size=(2, 3)).shape[-2:],
    "dropout.everything": call(lambda x: F.dropout(x, 1.0, training=True)),
    "dropout.function_mode": call(lambda x: F.dropout(x, 0.75).max()),
    "embedding.float_index": call(nn.Embedding.from_pretrained(torch.arange(5.0)[:, None] * 10)),
    "split.number_means": lambda inputs: len(torch.split(t(inputs["x"]), 2)),
    "repeat.order": call(lambda x: x.repeat(2)),
    "flatten.keeps": lambda inputs: torch.flatten(t(inputs["x"])).shape,
    "dot.axes": call(torch.dot, "x", "y"),
}
