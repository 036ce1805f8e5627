"""weighted_sum: Σ x·weights over all axes and the batch: a loss that gives a node exactly the gradient `weights`."""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape, ShapeError

BATCHED = False


def signature(x: Floats, weights: Floats) -> Rules:
    yield from ()
    if x != weights:
        raise ShapeError(f"x {x} and weights {weights} differ")
    return ()


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 2 * prod(shapes["x"])


def forward(run: Run, x: Array, weights: Array, **_: Any) -> tuple[Array, Any]:
    return run.sum((x * weights).reshape(-1)), (x, weights)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, weights = saved
    return {"x": dy * weights, "weights": dy * x}


EXAMPLES = (Example({"x": (3, 5), "weights": (3, 5)}),)
ANALYTIC = True
