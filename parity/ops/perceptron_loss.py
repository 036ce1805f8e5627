"""perceptron_loss: the mean (or sum) of max(0, -target·x) for targets of 1 and -1 (Rosenblatt 1958): hinge without a margin."""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops import hinge
from parity.ops._reductions import REDUCTIONS
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


def forward(run: Run, x: Array, target: Array, *, branch: Array | None = None, **attributes: Any) -> tuple[Array, Any]:
    """branch: True where an element has a positive loss, False where its loss is 0."""
    return hinge.forward(run, x, target, margin=0.0, branch=branch, **attributes)


vjp, kinks, taken = hinge.vjp, hinge.kinks, hinge.taken

EXAMPLES = (
    Example({"x": (3, 5), "target": (3, 5)}),
    Example({"x": (3, 5), "target": (3, 5)}, {"reduction": "sum"}, name="sum"),
)
KIND = "losses"
ANALYTIC = True
