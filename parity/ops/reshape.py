"""reshape: the same numbers in row-major order, in another shape; the batch axis stays."""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape, ShapeError, Sizes


def signature(x: Floats, *, shape: Sizes) -> Rules:
    yield from ()
    if prod(x) != prod(shape):
        raise ShapeError(f"{x} has {prod(x)} numbers, {tuple(shape)} takes {prod(shape)}")
    return tuple(shape)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 0


def forward(run: Run, x: Array, *, shape: Shape, **_: Any) -> tuple[Array, Any]:
    return x.reshape(len(x), *shape), x.shape


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return {"x": dy.reshape(saved)}


EXAMPLES = (Example({"x": (3, 5, 2)}, {"shape": (5, 6)}),)
ANALYTIC = True
