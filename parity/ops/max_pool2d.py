"""max_pool2d: the greatest value of each window; padding is -inf; the first maximum in row-major order gets the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from parity.ops._grids import IMAGE, NONE, UNEVEN, Grid
from parity.ops._windows import check_pooling, output_size, pad, patches, scatter, unpad
from parity.ops.definition import Array, Example, Floats, Padding, Pair, Rules, Run, Shape


def signature(x: Floats, *, kernel: Pair, stride: Pair, padding: Padding = ((0, 0), (0, 0))) -> Rules:
    yield from ()
    size = output_size(x, kernel, stride, padding)
    check_pooling(kernel, padding)
    return (x[0], *size)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, kernel: Sequence[int], **_: Any) -> int:
    return prod(outputs[""]) * (prod(kernel) - 1)


def forward(
    run: Run,
    x: Array,
    *,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[Sequence[int]],
    branch: Array | None = None,
    **_: Any,
) -> tuple[Array, Any]:
    """branch: the winning place of each window, counted row by row (batch, channels, rows, columns)."""
    padded = pad(x, padding, -np.inf)
    views = patches(padded, kernel, stride)
    windows = views.reshape(*views.shape[:4], -1)
    winner = np.argmax(windows, axis=-1) if branch is None else branch
    y = np.take_along_axis(windows, winner[..., None], axis=-1)[..., 0]
    return y, (padded, winner, kernel, stride, padding)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    padded, winner, kernel, stride, padding = saved
    pieces = np.zeros((*dy.shape, prod(kernel)), dy.dtype)
    np.put_along_axis(pieces, winner[..., None], dy[..., None], axis=-1)
    total = scatter(run, pieces.reshape(*dy.shape, *kernel), padded.shape[2:], stride)
    return {"x": unpad(total, padding)}


def kinks(saved: Any) -> Array:
    """By how much the greatest value of each window exceeds the second; inf if a window has only one value."""
    padded, _, kernel, stride, _ = saved
    views = patches(padded, kernel, stride)
    if prod(kernel) == 1:
        return np.full(views.shape[:4], np.inf, padded.dtype)
    greatest = np.partition(views.reshape(*views.shape[:4], -1), -2, axis=-1)
    return np.asarray(greatest[..., -1] - greatest[..., -2])


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (
    Example({"x": (2, 7, 11)}, {"kernel": (3, 2), "stride": (2, 3)}),
    Example({"x": (2, 5, 7)}, {"kernel": (3, 2), "stride": (2, 1), "padding": ((1, 0), (0, 1))}, name="padding"),
)
ANALYTIC = True
GRID = Grid(
    IMAGE,
    {"kernel": ((1, 1), (2, 2), (3, 2)), "stride": ((1, 1), (2, 3)), "padding": (NONE, ((1, 1), (1, 1)), UNEVEN)},
)
