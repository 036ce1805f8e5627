"""matmul: the matrix product x·other, or x·otherᵀ, over the last two axes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Flag, Floats, Rules, Run, Shape, ShapeError


def signature(x: Floats, other: Floats, *, transpose_other: Flag = False) -> Rules:
    yield from ()
    if len(x) < 2 or len(other) != len(x) or x[:-2] != other[:-2]:
        raise ShapeError(f"needs two stacks of matrices, has {x} and {other}")
    inner, columns = (other[-1], other[-2]) if transpose_other else (other[-2], other[-1])
    if x[-1] != inner:
        raise ShapeError(f"rows of {x[-1]} do not meet {inner} in {other}{' transposed' if transpose_other else ''}")
    return (*x[:-1], columns)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 2 * prod(outputs[""]) * shapes["x"][-1]


def forward(run: Run, x: Array, other: Array, *, transpose_other: bool, **_: Any) -> tuple[Array, Any]:
    right = np.swapaxes(other, -1, -2) if transpose_other else other
    return run.matmul(x, right), (x, other, transpose_other)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, other, transpose_other = saved
    if transpose_other:
        by_x, by_other = run.matmul(dy, other), run.matmul(np.swapaxes(dy, -1, -2), x)
    else:
        by_x, by_other = run.matmul(dy, np.swapaxes(other, -1, -2)), run.matmul(np.swapaxes(x, -1, -2), dy)
    return {"x": by_x, "other": by_other}


EXAMPLES = (
    Example({"x": (3, 5), "other": (5, 7)}),
    Example({"x": (3, 5), "other": (7, 5)}, {"transpose_other": True}, name="transposed"),
    Example({"x": (5, 5), "other": (5, 5)}, name="square"),
    Example({"x": (2, 3, 5), "other": (2, 5, 7)}, name="stack"),
    Example({"x": (2, 3, 5), "other": (2, 7, 5)}, {"transpose_other": True}, name="transposed_stack"),
)
ANALYTIC = True
