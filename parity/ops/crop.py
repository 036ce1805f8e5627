"""crop: `size` consecutive places of an axis, beginning at `start`."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.ops._axes import checked, past_batch
from parity.ops.definition import Array, Axis, Count, Example, Floats, Rules, Run, Shape, ShapeError, Whole


def signature(x: Floats, *, start: Whole, size: Count, axis: Axis) -> Rules:
    yield from ()
    place = checked(x, axis)
    if start < 0 or start + size > x[place]:
        raise ShapeError(f"axis {axis} of {x} has no places {start} … {start + size - 1}")
    return (*x[:place], size, *x[place + 1 :])


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 0


def forward(run: Run, x: Array, *, start: int, size: int, axis: int, **_: Any) -> tuple[Array, Any]:
    place = past_batch(axis)
    return np.take(x, np.arange(start, start + size), axis=place), (x.shape, start, size, place)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    shape, start, size, place = saved
    dx = np.zeros(shape, dy.dtype)
    np.moveaxis(dx, place, 0)[start : start + size] = np.moveaxis(dy, place, 0)
    return {"x": dx}


EXAMPLES = (Example({"x": (3, 5, 7)}, {"start": 1, "size": 2, "axis": 1}),)
ANALYTIC = True
