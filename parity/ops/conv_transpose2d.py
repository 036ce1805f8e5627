"""conv_transpose2d: the transpose of conv2d as a linear map (Zeiler et al. 2010); padding cuts off the result's borders.

The height is (rows - 1)·stride + (kernel - 1)·dilation + 1 - before - after. The output has no further padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from parity.ops._grids import FLAGS, NONE, UNEVEN, Grid
from parity.ops._windows import check_borders, check_image, pad, patches, scatter, unpad
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
    bias: Flag = True,
) -> Rules:
    check_image(x)
    check_borders(padding)
    area = prod(kernel)
    yield ParameterRule("kernel", (x[0], channels, *kernel), fan_in=x[0] * area, fan_out=channels * area)
    if bias:
        yield ParameterRule("bias", (channels,))
    full = _full_size(x[1:], kernel, stride, dilation)
    height, width = (size - sum(border) for size, border in zip(full, padding, strict=True))
    if height < 1 or width < 1:
        raise ShapeError(f"padding {padding} cuts everything off {full}")
    return (channels, height, width)


def _full_size(size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> tuple[int, int]:
    """Height and width before the padding is cut off."""
    sizes = zip(size, kernel, stride, dilation, strict=True)
    height, width = ((n - 1) * step + (taps - 1) * gap + 1 for n, taps, step, gap in sizes)
    return height, width


def flops(
    shapes: dict[str, Shape], outputs: dict[str, Shape], *, channels: int, kernel: Sequence[int], bias: bool, **_: Any
) -> int:
    return 2 * prod(shapes["x"]) * channels * prod(kernel) + bias * prod(outputs[""])


def forward(
    run: Run,
    x: Array,
    kernel: Array,
    bias: Array | None = None,
    *,
    stride: Sequence[int],
    padding: Sequence[Sequence[int]],
    dilation: Sequence[int],
    **_: Any,
) -> tuple[Array, Any]:
    batch, inputs, rows, columns = x.shape
    pixels = x.transpose(0, 2, 3, 1).reshape(-1, inputs)
    pieces = run.matmul(pixels, kernel.reshape(inputs, -1))
    pieces = pieces.reshape(batch, rows, columns, *kernel.shape[1:]).transpose(0, 3, 1, 2, 4, 5)
    full = _full_size((rows, columns), kernel.shape[2:], stride, dilation)
    y = unpad(scatter(run, pieces, full, stride, dilation), padding)
    return (y if bias is None else y + bias[:, None, None]), (pixels, kernel, bias, stride, padding, dilation)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    pixels, kernel, bias, stride, padding, dilation = saved
    views = patches(pad(dy, padding), kernel.shape[2:], stride, dilation)
    batch, _, rows, columns, *_ = views.shape
    windows = views.transpose(0, 2, 3, 1, 4, 5).reshape(batch * rows * columns, -1)
    dx = run.matmul(windows, kernel.reshape(len(kernel), -1).T)
    gradients = {
        "x": dx.reshape(batch, rows, columns, -1).transpose(0, 3, 1, 2),
        "kernel": run.matmul(pixels.T, windows).reshape(kernel.shape),
    }
    if bias is not None:
        gradients["bias"] = run.sum(dy.transpose(1, 0, 2, 3).reshape(len(bias), -1), 1)
    return gradients


EXAMPLES = (
    Example({"x": (2, 3, 5)}, {"channels": 3, "kernel": (3, 2)}),
    Example({"x": (2, 3, 5)}, {"channels": 3, "kernel": (3, 2), "stride": (2, 3), "bias": False}, name="stride"),
    Example({"x": (2, 3, 5)}, {"channels": 3, "kernel": (3, 4), "stride": (2, 1), "padding": ((1, 0), (0, 2))}, name="padding"),
    Example(
        {"x": (2, 3, 5)},
        {"channels": 3, "kernel": (3, 2), "dilation": (2, 5), "padding": ((1, 2), (0, 1))},
        name="dilation",
    ),
    Example({"x": (2, 3, 5)}, {"channels": 3, "kernel": (3, 2), "stride": (3, 1), "dilation": (2, 5)}, name="both"),
)
ANALYTIC = True
# Eight channels: with a 1×1 kernel, a stride and fewer channels, TensorFlow writes beyond a buffer on CPUs without AVX-512.
GRID = Grid(
    {"x": (2, 5, 7)},
    {
        "channels": (8,),
        "kernel": ((1, 1), (3, 3), (4, 2)),
        "stride": ((1, 1), (2, 2), (1, 3)),
        "padding": (NONE, ((1, 1), (1, 1)), UNEVEN),
        "dilation": ((1, 1), (2, 2)),
        "bias": FLAGS,
    },
)
