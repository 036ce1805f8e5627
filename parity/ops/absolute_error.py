"""absolute_error: the mean (or sum) of |x - target| over the batch and every other axis; its derivative at 0 is 0."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

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


def forward(run: Run, x: Array, target: Array, *, reduction: str, branch: Array | None = None, **_: Any) -> tuple[Array, Any]:
    """branch: the sign of x - target, 1 or -1."""
    error = np.asarray(x - target)
    side = np.sign(error) if branch is None else np.asarray(branch, error.dtype)
    return reduced(run, error * side, reduction), (error, side, reduction)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    _, side, reduction = saved
    slope = share(run, dy, side.size, reduction) * side
    return {"x": slope, "target": -slope}


def kinks(saved: Any) -> Array:
    return np.asarray(np.abs(saved[0]))


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (
    Example({"x": (3, 5), "target": (3, 5)}),
    Example({"x": (3, 5), "target": (3, 5)}, {"reduction": "sum"}, name="sum"),
)
KIND = "losses"
