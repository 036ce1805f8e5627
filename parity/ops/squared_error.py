"""squared_error: the mean of (x - target)² over the batch and every other axis."""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape, ShapeError

BATCHED = False


def signature(x: Floats, target: Floats) -> Rules:
    yield from ()
    if x != target:
        raise ShapeError(f"x {x} and target {target} differ")
    return ()


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 3 * prod(shapes["x"])


def forward(run: Run, x: Array, target: Array, **_: Any) -> tuple[Array, Any]:
    error = x - target
    return run.mean((error**2).reshape(-1)), error


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    slope = dy * run.number(2 / saved.size) * saved
    return {"x": slope, "target": -slope}


EXAMPLES = (Example({"x": (3, 5), "target": (3, 5)}),)
