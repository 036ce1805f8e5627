"""Owns PyTorch's answers to the atlas about convolution, pooling, resizing, embedding, dropout.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.execution.protocol import Array
from parity.torch_impl.atlas.asking import Answer, Inputs, call, lazily, t


def _conv(inputs: Inputs, **arguments: Any) -> Array:
    kernel = t(inputs["kernel"])[None, None]
    layer = nn.Conv2d(1, 1, kernel.shape[2:], bias=False, **arguments)
    layer.weight.data = kernel
    return np.asarray(layer(t(inputs["x"])[None, None]).detach()[0, 0])


def _ones(inputs: Inputs) -> Tensor:
    return F.dropout(t(inputs["x"]), 0.75, training=True)


ANSWERS: Mapping[str, Answer] = {
    "conv2d.kernel_layout": lambda _: nn.Conv2d(5, 7, (2, 3)).weight.shape,
    "conv2d.input_layout": lambda inputs: lazily(nn.LazyConv2d(2, 1), inputs).in_channels,
    "conv2d.flips": _conv,
    "conv2d.same_stride_2": lambda inputs: _conv(inputs, stride=2, padding="same"),
    "dense.kernel_layout": lambda _: nn.Linear(5, 7).weight.shape,
    "average_pool2d.corner": call(lambda x: nn.AvgPool2d(3, 1, 1)(x[None, None])[0, 0, 0, 0]),
    "max_pool2d.odd_end": lambda inputs: nn.MaxPool2d((1, 2))(t(inputs["x"])[None, None]).shape[-1],
    "upsample.bilinear": call(lambda x: nn.Upsample(scale_factor=2, mode="bilinear")(x[None, None])[0, 0, 0]),
    "resize.nearest": call(lambda x: F.interpolate(x[None, None], size=(1, 3), mode="nearest")[0, 0, 0]),
    "conv_transpose2d.size": lambda _: nn.ConvTranspose2d(1, 1, 3, stride=2)(torch.zeros(1, 1, 4, 4)).shape[-1],
    "dropout.survivors": lambda inputs: float(_ones(inputs).max()),
    "embedding.beyond": call(nn.Embedding.from_pretrained(torch.arange(5.0)[:, None] * 10), "index"),
    "embedding.negative": call(nn.Embedding.from_pretrained(torch.arange(5.0)[:, None] * 10), "index"),
    "one_hot.beyond": call(lambda i: F.one_hot(i, 3), "index"),
}
