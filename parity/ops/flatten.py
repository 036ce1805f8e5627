"""flatten: all axes but the batch become a single axis, in row-major order of the logical shape (channels first)."""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape, ShapeError


def signature(x: Floats) -> Rules:
    yield from ()
    if not x:
        raise ShapeError("needs at least one axis, has a single number")
    return (prod(x),)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 0


def forward(run: Run, x: Array, **_: Any) -> tuple[Array, Any]:
    return x.reshape(len(x), -1), x.shape


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return {"x": dy.reshape(saved)}


EXAMPLES = (Example({"x": (2, 3, 5)}),)
ANALYTIC = True
