"""sigmoid_cross_entropy: the mean (or sum) of -target·log σ(x) - (1 - target)·log(1 - σ(x)) for logits x, each with a target.

The form max(x, 0) - target·x + log(1 + exp(-|x|)) cannot overflow. binary_cross_entropy has one label for all logits.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops import softplus
from parity.ops._reductions import REDUCTIONS, reduced, share
from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape, ShapeError, Word
from parity.ops.sigmoid import logistic

BATCHED = False
WORDS = {"reduction": REDUCTIONS}


def signature(x: Floats, target: Floats, *, reduction: Word = "mean") -> Rules:
    yield from ()
    if x != target:
        raise ShapeError(f"x {x} and target {target} differ")
    return ()


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 8 * prod(shapes["x"])


def forward(run: Run, x: Array, target: Array, *, reduction: str, **_: Any) -> tuple[Array, Any]:
    soft, _ = softplus.forward(run, x)
    return reduced(run, np.asarray(soft - target * x), reduction), (x, target, reduction)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, target, reduction = saved
    slope = share(run, dy, x.size, reduction)
    return {"x": np.asarray(slope * (logistic(x) - target)), "target": np.asarray(-slope * x)}


EXAMPLES = (
    Example({"x": (3, 5), "target": (3, 5)}, limits={"target": (0, 1)}),
    Example({"x": (), "target": ()}, {"reduction": "sum"}, limits={"target": (0, 1)}, name="sum"),
)
EXTREMES = (Example({"x": (3, 5), "target": (3, 5)}, limits={"x": (-10000, 10000), "target": (0, 1)}, name="huge"),)
KIND = "losses"
