"""hinge: the mean (or sum) of max(0, margin - target·x) for targets of 1 and -1 (Cortes & Vapnik 1995).

Its derivative at the bend is 0.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._reductions import REDUCTIONS, reduced, share
from parity.ops.definition import Array, Example, Floats, Real, Rules, Run, Shape, ShapeError, Word

BATCHED = False
WORDS = {"reduction": REDUCTIONS}


def signature(x: Floats, target: Floats, *, margin: Real = 1.0, reduction: Word = "mean") -> Rules:
    yield from ()
    if x != target:
        raise ShapeError(f"x {x} and target {target} differ")
    return ()


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 4 * prod(shapes["x"])


def forward(
    run: Run, x: Array, target: Array, *, margin: float, reduction: str, branch: Array | None = None, **_: Any
) -> tuple[Array, Any]:
    """branch: True where an element has a positive loss, False where its loss is 0."""
    lack = np.asarray(margin - target * x)
    counts = lack > 0 if branch is None else branch
    loss = reduced(run, np.where(counts, lack, run.number(0)), reduction)
    return loss, (lack, counts, x, target, reduction)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    lack, counts, x, target, reduction = saved
    slope = np.where(counts, share(run, dy, lack.size, reduction), run.number(0))
    return {"x": -slope * target, "target": -slope * x}


def kinks(saved: Any) -> Array:
    return np.asarray(np.abs(saved[0]))


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (
    Example({"x": (3, 5), "target": (3, 5)}),
    Example({"x": (3, 5), "target": (3, 5)}, {"margin": 0.25}, name="margin"),
    Example({"x": (3, 5), "target": (3, 5)}, {"reduction": "sum"}, name="sum"),
)
KIND = "losses"
ANALYTIC = True
