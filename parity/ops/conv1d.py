"""conv1d: cross-correlation of a sequence with a kernel along time, grouped, dilated, with explicit zero padding.

A causal convolution (van den Oord et al. 2016) pads (kernel - 1)·dilation before and nothing after. It is computed as a conv2d
of an image with one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from parity.ops import conv2d
from parity.ops._grids import FLAGS, Grid
from parity.ops._sequences import as_image, as_sequence, check_sequence
from parity.ops._windows import output_size
from parity.ops.definition import (
    Array,
    Count,
    Ends,
    Example,
    Flag,
    Floats,
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
    kernel: Count,
    stride: Count = 1,
    padding: Ends = (0, 0),
    dilation: Count = 1,
    groups: Count = 1,
    bias: Flag = True,
) -> Rules:
    check_sequence(x)
    if x[1] % groups or channels % groups:
        raise ShapeError(f"{groups} groups do not divide {x[1]} features and {channels} channels")
    inputs = x[1] // groups
    yield ParameterRule("kernel", (channels, inputs, kernel), fan_in=inputs * kernel, fan_out=channels // groups * kernel)
    if bias:
        yield ParameterRule("bias", (channels,))
    _, time = output_size((x[1], 1, x[0]), (1, kernel), (1, stride), ((0, 0), padding), (1, dilation))
    return (time, channels)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, kernel: int, groups: int, bias: bool, **_: Any) -> int:
    return prod(outputs[""]) * (2 * shapes["x"][1] // groups * kernel + bias)


def forward(
    run: Run,
    x: Array,
    kernel: Array,
    bias: Array | None = None,
    *,
    stride: int,
    padding: Sequence[int],
    dilation: int,
    groups: int,
    **_: Any,
) -> tuple[Array, Any]:
    along: dict[str, Any] = {
        "stride": (stride,) * 2,
        "dilation": (dilation,) * 2,
        "padding": ((0, 0), tuple(padding)),
        "groups": groups,
    }
    y, saved = conv2d.forward(run, as_image(x), kernel[:, :, None], bias, **along)
    return as_sequence(y), saved


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    gradients = conv2d.vjp(run, saved, as_image(dy))
    return gradients | {"x": as_sequence(gradients["x"]), "kernel": gradients["kernel"][:, :, 0]}


EXAMPLES = (
    Example({"x": (11, 2)}, {"channels": 3, "kernel": 5}),
    Example({"x": (11, 2)}, {"channels": 3, "kernel": 3, "stride": 2, "bias": False}, name="stride"),
    Example({"x": (7, 2)}, {"channels": 3, "kernel": 3, "padding": (1, 2)}, name="padding"),
    Example({"x": (7, 2)}, {"channels": 3, "kernel": 3, "padding": (4, 0), "dilation": 2}, name="causal"),
    Example({"x": (11, 2)}, {"channels": 3, "kernel": 3, "dilation": 5}, name="dilation"),
    Example({"x": (7, 6)}, {"channels": 4, "kernel": 3, "groups": 2}, name="groups"),
    Example({"x": (7, 3)}, {"channels": 3, "kernel": 3, "groups": 3, "padding": (1, 1)}, name="depthwise"),
)
ANALYTIC = True
GRID = Grid(
    {"x": (11, 6)},
    {
        "channels": (6,),
        "kernel": (1, 3),
        "stride": (1, 2),
        "padding": ((0, 0), (1, 1), (2, 0)),
        "dilation": (1, 2),
        "groups": (1, 2, 6),
        "bias": FLAGS,
    },
)
