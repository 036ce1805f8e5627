"""weighted_mean: Σ weights·x / Σ weights over all axes and the batch: a masked loss, if the weights are 0 and 1.

Some masked losses divide by the number of all elements instead: they are the mean of weights·x.
"""

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
    return 3 * prod(shapes["x"])


def forward(run: Run, x: Array, weights: Array, **_: Any) -> tuple[Array, Any]:
    """If all weights are 0, there is no mean: the result is NaN."""
    total = run.sum(weights.reshape(-1))
    mean = run.sum((x * weights).reshape(-1)) / total
    return mean, (x, weights, mean, total)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, weights, mean, total = saved
    return {"x": dy * weights / total, "weights": dy * (x - mean) / total}


EXAMPLES = (
    Example({"x": (3, 5), "weights": (3, 5)}, limits={"weights": (0, 1)}),
    Example({"x": (7,), "weights": (7,)}, limits={"weights": (0, 4)}, name="vector"),
)
KIND = "losses"
ANALYTIC = True
