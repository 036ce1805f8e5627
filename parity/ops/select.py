"""select: one place of an axis, and the axis disappears; index -1 is the last place."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.ops._axes import checked, past_batch, without
from parity.ops.definition import Array, Axis, Example, Floats, Rules, Run, Shape, ShapeError, Whole


def signature(x: Floats, *, index: Whole, axis: Axis = 0) -> Rules:
    yield from ()
    size = x[checked(x, axis)]
    if not -size <= index < size:
        raise ShapeError(f"axis {axis} of {x} has no place {index}")
    return without(x, axis)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 0


def forward(run: Run, x: Array, *, index: int, axis: int, **_: Any) -> tuple[Array, Any]:
    place = past_batch(axis)
    return np.take(x, index, axis=place), (x.shape, index, place)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    shape, index, place = saved
    dx = np.zeros(shape, dy.dtype)
    np.moveaxis(dx, place, 0)[index] = dy
    return {"x": dx}


EXAMPLES = (
    Example({"x": (3, 5)}, {"index": -1}),
    Example({"x": (3, 5, 2)}, {"index": 1, "axis": 1}, name="axis"),
)
ANALYTIC = True
