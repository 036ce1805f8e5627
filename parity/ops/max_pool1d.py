"""max_pool1d: the greatest value of each window of time; padding is -inf; the first maximum gets the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from parity.ops import max_pool2d
from parity.ops._grids import Grid
from parity.ops._sequences import as_image, as_sequence, check_sequence
from parity.ops._windows import check_pooling, output_size
from parity.ops.definition import Array, Count, Ends, Example, Floats, Rules, Run, Shape


def signature(x: Floats, *, kernel: Count, stride: Count, padding: Ends = (0, 0)) -> Rules:
    yield from ()
    check_sequence(x)
    _, time = output_size((x[1], 1, x[0]), (1, kernel), (1, stride), ((0, 0), padding))
    check_pooling((1, kernel), ((0, 0), padding))
    return (time, x[1])


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, kernel: int, **_: Any) -> int:
    return prod(outputs[""]) * (kernel - 1)


def forward(
    run: Run, x: Array, *, kernel: int, stride: int, padding: Sequence[int], branch: Array | None = None, **_: Any
) -> tuple[Array, Any]:
    """branch: the winning place of each window (batch, time, features)."""
    along: dict[str, Any] = {"kernel": (1, kernel), "stride": (stride,) * 2, "padding": ((0, 0), tuple(padding))}
    dictated = None if branch is None else as_image(branch)
    y, saved = max_pool2d.forward(run, as_image(x), **along, branch=dictated)
    return as_sequence(y), saved


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return {"x": as_sequence(max_pool2d.vjp(run, saved, as_image(dy))["x"])}


def kinks(saved: Any) -> Array:
    """By how much the greatest value of each window exceeds the second; inf if a window has only one value."""
    return as_sequence(max_pool2d.kinks(saved))


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return as_sequence(np.asarray(saved[1]))


EXAMPLES = (
    Example({"x": (11, 2)}, {"kernel": 3, "stride": 2}),
    Example({"x": (7, 2)}, {"kernel": 3, "stride": 2, "padding": (1, 0)}, name="padding"),
    Example({"x": (7, 2)}, {"kernel": 3, "stride": 1, "padding": (0, 2)}, name="after"),
)
ANALYTIC = True
GRID = Grid({"x": (11, 2)}, {"kernel": (1, 2, 3), "stride": (1, 3), "padding": ((0, 0), (1, 1), (0, 1))})
