"""huber: error²/2 where |error| <= delta, else delta·(|error| - delta/2) (Huber 1964), with error = x - target.

The mean (or sum) over the batch and every other axis.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._reductions import REDUCTIONS, reduced, share
from parity.ops.definition import Array, Example, Floats, Real, Rules, Run, Shape, ShapeError, Word

BATCHED = False
WORDS = {"reduction": REDUCTIONS}


def signature(x: Floats, target: Floats, *, delta: Real = 1.0, reduction: Word = "mean") -> Rules:
    yield from ()
    if x != target:
        raise ShapeError(f"x {x} and target {target} differ")
    return ()


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 5 * prod(shapes["x"])


def forward(run: Run, x: Array, target: Array, *, delta: float, reduction: str, **_: Any) -> tuple[Array, Any]:
    error = np.asarray(x - target)
    bounded = np.clip(error, -delta, delta)
    return reduced(run, bounded * (error - 0.5 * bounded), reduction), (bounded, reduction)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    bounded, reduction = saved
    slope = share(run, dy, bounded.size, reduction) * bounded
    return {"x": slope, "target": -slope}


EXAMPLES = (
    Example({"x": (3, 5), "target": (3, 5)}),
    Example({"x": (3, 5), "target": (3, 5)}, {"delta": 0.25}, name="delta"),
    Example({"x": (3, 5), "target": (3, 5)}, {"reduction": "sum"}, name="sum"),
)
EXTREMES = (Example({"x": (3, 5), "target": (3, 5)}, {"delta": 0.25}, limits={"x": (-10000, 10000)}, name="huge"),)
KIND = "losses"
ANALYTIC = True
