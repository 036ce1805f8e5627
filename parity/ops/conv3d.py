"""conv3d: cross-correlation of a volume with a kernel (Ji et al. 2010), grouped, dilated, with explicit zero padding.

It is computed as a conv2d: each place along the depth is an image of its own, whose channels are the slices under the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from parity.ops import conv2d
from parity.ops._windows import output_size
from parity.ops.definition import (
    Array,
    Borders,
    Count,
    Example,
    Flag,
    Floats,
    ParameterRule,
    Rules,
    Run,
    Shape,
    ShapeError,
    Triple,
)


def signature(
    x: Floats,
    *,
    channels: Count,
    kernel: Triple,
    stride: Triple = (1, 1, 1),
    padding: Borders = ((0, 0), (0, 0), (0, 0)),
    dilation: Triple = (1, 1, 1),
    groups: Count = 1,
    bias: Flag = True,
) -> Rules:
    if len(x) != 4:
        raise ShapeError(f"needs (channels, depth, height, width), has {x}")
    if x[0] % groups or channels % groups:
        raise ShapeError(f"{groups} groups do not divide {x[0]} and {channels} channels")
    area, inputs = prod(kernel), x[0] // groups
    yield ParameterRule("kernel", (channels, inputs, *kernel), fan_in=inputs * area, fan_out=channels // groups * area)
    if bias:
        yield ParameterRule("bias", (channels,))
    depth, _ = output_size(x[:3], kernel[:2], stride[:2], padding[:2], dilation[:2])
    return (channels, depth, *output_size(x[1:], kernel[1:], stride[1:], padding[1:], dilation[1:]))


def flops(
    shapes: dict[str, Shape], outputs: dict[str, Shape], *, kernel: Sequence[int], groups: int, bias: bool, **_: Any
) -> int:
    return prod(outputs[""]) * (2 * shapes["x"][0] // groups * prod(kernel) + bias)


def forward(
    run: Run,
    x: Array,
    kernel: Array,
    bias: Array | None = None,
    *,
    stride: Sequence[int],
    padding: Sequence[Sequence[int]],
    dilation: Sequence[int],
    groups: int,
    **_: Any,
) -> tuple[Array, Any]:
    padded = np.pad(x, ((0, 0), (0, 0), tuple(padding[0]), (0, 0), (0, 0)))
    taps = np.arange(kernel.shape[2]) * dilation[0]
    starts = np.arange(0, padded.shape[2] - taps[-1], stride[0])
    slices = starts[:, None] + taps  # (places along the depth, depth of the kernel)
    stacked = padded[:, :, slices].transpose(0, 2, 1, 3, 4, 5)
    images = stacked.reshape(-1, x.shape[1] * len(taps), *x.shape[3:])
    flat = kernel.reshape(len(kernel), -1, *kernel.shape[3:])
    along: dict[str, Any] = {"stride": stride[1:], "padding": padding[1:], "dilation": dilation[1:], "groups": groups}
    y, saved = conv2d.forward(run, images, flat, bias, **along)
    y = y.reshape(len(x), len(starts), *y.shape[1:]).transpose(0, 2, 1, 3, 4)
    return y, (saved, stacked.shape, padded.shape, slices, padding[0][0], x.shape, kernel.shape)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    inner, stacked, padded, slices, before, shape, kernel = saved
    images = dy.transpose(0, 2, 1, 3, 4)
    gradients = conv2d.vjp(run, inner, images.reshape(-1, *images.shape[2:]))
    pieces = (
        gradients["x"].reshape(stacked).transpose(0, 2, 1, 3, 4, 5)
    )  # (batch, channels, places, depth of the kernel, height, width)
    dx = np.zeros(padded, dy.dtype)
    for tap in run.permutation(kernel[2]):
        dx[:, :, slices[:, tap]] += pieces[:, :, :, tap]
    return gradients | {"x": dx[:, :, before : before + shape[2]], "kernel": gradients["kernel"].reshape(kernel)}


EXAMPLES = (
    Example({"x": (2, 5, 5, 7)}, {"channels": 3, "kernel": (3, 2, 5)}),
    Example({"x": (2, 7, 5, 7)}, {"channels": 3, "kernel": (2, 3, 2), "stride": (3, 2, 2), "bias": False}, name="stride"),
    Example({"x": (2, 2, 3, 5)}, {"channels": 3, "kernel": (3, 3, 2), "padding": ((1, 2), (0, 1), (2, 3))}, name="padding"),
    Example({"x": (2, 7, 5, 7)}, {"channels": 3, "kernel": (3, 3, 2), "dilation": (3, 2, 5)}, name="dilation"),
    Example({"x": (6, 3, 3, 5)}, {"channels": 4, "kernel": (2, 3, 2), "groups": 2}, name="groups"),
)
ANALYTIC = True
