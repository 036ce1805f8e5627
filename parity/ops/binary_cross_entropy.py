"""binary_cross_entropy: mean (or sum) of -label·log σ(x) - (1 - label)·log(1 - σ(x)),
for logits x and one label for all of them.

The mean is over the batch and every other axis. The form max(x, 0) - label·x + log(1 + exp(-|x|)) cannot overflow.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._reductions import REDUCTIONS, reduced, share
from parity.ops.definition import Array, Example, Floats, Real, Rules, Run, Shape, Word
from parity.ops.sigmoid import logistic

BATCHED = False
WORDS = {"reduction": REDUCTIONS}


def signature(x: Floats, *, label: Real, reduction: Word = "mean") -> Rules:
    yield from ()
    return ()


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 8 * prod(shapes["x"])


def forward(run: Run, x: Array, *, label: float, reduction: str, **_: Any) -> tuple[Array, Any]:
    each = np.maximum(x, run.number(0)) - label * x + np.log1p(np.exp(-np.abs(x)))
    return reduced(run, np.asarray(each), reduction), (x, label, reduction)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, label, reduction = saved
    return {"x": np.asarray(share(run, dy, x.size, reduction) * (logistic(x) - label))}


EXAMPLES = (
    Example({"x": (3, 5)}, {"label": 1.0}),
    Example({"x": ()}, {"label": 0.25}, name="soft"),
    Example({"x": (3, 5)}, {"label": 0.25, "reduction": "sum"}, name="sum"),
)
EXTREMES = (Example({"x": (3, 5)}, {"label": 0.25}, limits={"x": (-10000, 10000)}, name="huge"),)
KIND = "losses"
