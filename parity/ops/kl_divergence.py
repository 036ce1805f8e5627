"""kl_divergence: Σ target·(log target - x) along an axis; x are log-probabilities, targets probabilities (Kullback & Leibler).

The mean (or sum) over the batch and every other axis. A target of 0 contributes 0, and its own gradient is then 1 - x.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._axes import checked, past_batch
from parity.ops._grids import Grid
from parity.ops._reductions import REDUCTIONS, reduced, share
from parity.ops.definition import Array, Axis, Example, Floats, Rules, Run, Shape, ShapeError, Word

BATCHED = False
WORDS = {"reduction": REDUCTIONS}


def signature(x: Floats, target: Floats, *, axis: Axis = -1, reduction: Word = "mean") -> Rules:
    yield from ()
    if x != target:
        raise ShapeError(f"x {x} and target {target} differ")
    checked(x, axis)
    return ()


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 5 * prod(shapes["x"])


def forward(run: Run, x: Array, target: Array, *, axis: int, reduction: str, **_: Any) -> tuple[Array, Any]:
    beyond = np.log(np.where(target > 0, target, run.number(1))) - x
    loss = reduced(run, run.sum(target * beyond, past_batch(axis)), reduction)
    return loss, (beyond, target, x.size // x.shape[past_batch(axis)], reduction)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    beyond, target, count, reduction = saved
    slope = share(run, dy, count, reduction)
    return {"x": -slope * target, "target": slope * (beyond + 1)}


EXAMPLES = (
    Example({"x": (3, 7), "target": (3, 7)}, limits={"target": (0, 1)}),
    Example({"x": (3, 7), "target": (3, 7)}, {"axis": 0}, limits={"target": (0, 1)}, name="axis"),
    Example({"x": (3, 7), "target": (3, 7)}, {"reduction": "sum"}, limits={"target": (0, 1)}, name="sum"),
)
KIND = "losses"
ANALYTIC = True
GRID = Grid(
    {"x": (2, 3, 5), "target": (2, 3, 5)},
    {"axis": (0, 1, 2), "reduction": ("mean", "sum")},
    limits={"target": (0, 1)},
)
