"""conv2d: cross-correlation of an image with a kernel (LeCun et al. 1998), grouped, dilated, with explicit zero padding."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from parity.ops._grids import FLAGS, IMAGE, NONE, UNEVEN, Grid
from parity.ops._windows import check_image, output_size, pad, patches, scatter, unpad
from parity.ops.definition import (
    Array,
    Count,
    Example,
    Flag,
    Floats,
    Padding,
    Pair,
    ParameterRule,
    Rules,
    Run,
    Shape,
    ShapeError,
)


def signature(
    x: Floats,
    *,
    channels: Count,
    kernel: Pair,
    stride: Pair = (1, 1),
    padding: Padding = ((0, 0), (0, 0)),
    dilation: Pair = (1, 1),
    groups: Count = 1,
    bias: Flag = True,
) -> Rules:
    check_image(x)
    if x[0] % groups or channels % groups:
        raise ShapeError(f"{groups} groups do not divide {x[0]} and {channels} channels")
    area, inputs = prod(kernel), x[0] // groups
    yield ParameterRule("kernel", (channels, inputs, *kernel), fan_in=inputs * area, fan_out=channels // groups * area)
    if bias:
        yield ParameterRule("bias", (channels,))
    return (channels, *output_size(x, kernel, stride, padding, dilation))


def flops(
    shapes: dict[str, Shape], outputs: dict[str, Shape], *, kernel: Sequence[int], groups: int, bias: bool, **_: Any
) -> int:
    return prod(outputs[""]) * (2 * shapes["x"][0] // groups * prod(kernel) + bias)


def _columns(padded: Array, size: Shape, stride: Sequence[int], dilation: Sequence[int], groups: int) -> Array:
    """Every window as one row: (groups, batch·rows·columns, inputs·height·width of the kernel)."""
    views = patches(padded, size, stride, dilation)
    batch, channels, rows, columns, height, width = views.shape
    grouped = views.reshape(batch, groups, channels // groups, rows, columns, height, width)
    return grouped.transpose(1, 0, 3, 4, 2, 5, 6).reshape(groups, batch * rows * columns, -1)


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
    padded = pad(x, padding)
    rows, columns = output_size(x.shape[1:], kernel.shape[2:], stride, padding, dilation)
    windows = _columns(padded, kernel.shape[2:], stride, dilation, groups)
    weights = kernel.reshape(groups, kernel.shape[0] // groups, -1)
    y = run.matmul(windows, weights.transpose(0, 2, 1))
    y = y.reshape(groups, len(x), rows, columns, -1).transpose(1, 0, 4, 2, 3).reshape(len(x), -1, rows, columns)
    return (y if bias is None else y + bias[:, None, None]), (padded, kernel, bias, stride, padding, dilation, groups)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    padded, kernel, bias, stride, padding, dilation, groups = saved
    batch, channels, rows, columns = dy.shape
    outputs = channels // groups
    by_group = dy.reshape(batch, groups, outputs, rows, columns).transpose(1, 2, 0, 3, 4).reshape(groups, outputs, -1)
    windows = _columns(padded, kernel.shape[2:], stride, dilation, groups)
    gradients = {"kernel": run.matmul(by_group, windows).reshape(kernel.shape)}
    pieces = run.matmul(by_group.transpose(0, 2, 1), kernel.reshape(groups, outputs, -1))
    pieces = pieces.reshape(groups, batch, rows, columns, *kernel.shape[1:]).transpose(1, 0, 4, 2, 3, 5, 6)
    pieces = pieces.reshape(batch, padded.shape[1], rows, columns, *kernel.shape[2:])
    gradients["x"] = unpad(scatter(run, pieces, padded.shape[2:], stride, dilation), padding)
    if bias is not None:
        gradients["bias"] = run.sum(dy.transpose(1, 0, 2, 3).reshape(channels, -1), 1)
    return gradients


EXAMPLES = (
    Example({"x": (2, 7, 11)}, {"channels": 3, "kernel": (3, 5)}),
    Example({"x": (2, 7, 11)}, {"channels": 3, "kernel": (3, 2), "stride": (2, 3), "bias": False}, name="stride"),
    Example({"x": (2, 5, 7)}, {"channels": 3, "kernel": (3, 2), "padding": ((1, 0), (2, 3))}, name="padding"),
    Example({"x": (2, 7, 11)}, {"channels": 3, "kernel": (3, 2), "dilation": (2, 5)}, name="dilation"),
    Example({"x": (6, 5, 7)}, {"channels": 4, "kernel": (3, 2), "groups": 2}, name="groups"),
    Example({"x": (3, 5, 7)}, {"channels": 3, "kernel": (3, 2), "groups": 3}, name="depthwise"),
)
ANALYTIC = True
GRID = Grid(
    IMAGE,
    {
        "channels": (6,),
        "kernel": ((1, 1), (3, 3), (3, 2)),
        "stride": ((1, 1), (2, 2), (2, 1)),
        "padding": (NONE, ((1, 1), (1, 1)), UNEVEN),
        "dilation": ((1, 1), (2, 2), (1, 2)),
        "groups": (1, 2, 6),
        "bias": FLAGS,
    },
)
