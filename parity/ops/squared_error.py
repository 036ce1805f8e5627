"""squared_error: the mean (or sum) of (x - target)² over the batch and every other axis."""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops._reductions import REDUCTIONS, reduced, share
from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape, ShapeError, Word

BATCHED = False
WORDS = {"reduction": REDUCTIONS}


def signature(x: Floats, target: Floats, *, reduction: Word = "mean") -> Rules:
    yield from ()
    if x != target:
        raise ShapeError(f"x {x} and target {target} differ")
    return ()


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 3 * prod(shapes["x"])


def forward(run: Run, x: Array, target: Array, *, reduction: str, **_: Any) -> tuple[Array, Any]:
    error = x - target
    return reduced(run, error**2, reduction), (error, reduction)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    error, reduction = saved
    slope = share(run, 2 * dy, error.size, reduction) * error
    return {"x": slope, "target": -slope}


EXAMPLES = (
    Example({"x": (3, 5), "target": (3, 5)}),
    Example({"x": (3, 5), "target": (3, 5)}, {"reduction": "sum"}, name="sum"),
)
KIND = "losses"
ANALYTIC = True
