"""average_pool2d: the mean of each window; `count_padding` says whether the zeros of the padding count as values."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from parity.ops._grids import FLAGS, IMAGE, NONE, UNEVEN, Grid
from parity.ops._windows import check_pooling, output_size, pad, patches, scatter, unpad
from parity.ops.definition import Array, Example, Flag, Floats, Padding, Pair, Rules, Run, Shape


def signature(
    x: Floats, *, kernel: Pair, stride: Pair, padding: Padding = ((0, 0), (0, 0)), count_padding: Flag = True
) -> Rules:
    yield from ()
    size = output_size(x, kernel, stride, padding)
    check_pooling(kernel, padding)
    return (x[0], *size)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, kernel: Sequence[int], **_: Any) -> int:
    return prod(outputs[""]) * prod(kernel)


def _counts(x: Array, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[Sequence[int]]) -> Array:
    """How many values of the image lie in each window (rows, columns)."""
    ones = pad(np.ones((1, 1, *x.shape[2:]), x.dtype), padding)
    counts: Array = patches(ones, kernel, stride).sum((4, 5), dtype=x.dtype)[0, 0]
    return counts


def forward(
    run: Run,
    x: Array,
    *,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[Sequence[int]],
    count_padding: bool,
    **_: Any,
) -> tuple[Array, Any]:
    padded = pad(x, padding)
    views = patches(padded, kernel, stride)
    count = run.number(prod(kernel)) if count_padding else _counts(x, kernel, stride, padding)
    y = run.sum(views.reshape(*views.shape[:4], -1), -1) / count
    return y, (padded.shape[2:], kernel, stride, padding, count)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    size, kernel, stride, padding, count = saved
    pieces = np.broadcast_to((dy / count)[..., None, None], (*dy.shape, *kernel))
    return {"x": unpad(scatter(run, pieces, size, stride), padding)}


EXAMPLES = (
    Example({"x": (2, 7, 11)}, {"kernel": (3, 2), "stride": (2, 3)}),
    Example({"x": (2, 5, 7)}, {"kernel": (3, 2), "stride": (2, 1), "padding": ((1, 0), (0, 1))}, name="padding"),
    Example(
        {"x": (2, 5, 7)},
        {"kernel": (3, 2), "stride": (2, 1), "padding": ((1, 0), (0, 1)), "count_padding": False},
        name="uncounted",
    ),
)
ANALYTIC = True
GRID = Grid(
    IMAGE,
    {
        "kernel": ((2, 2), (3, 2)),
        "stride": ((1, 1), (2, 3)),
        "padding": (NONE, ((1, 1), (1, 1)), UNEVEN),
        "count_padding": FLAGS,
    },
)
