"""add: the element-wise sum of values of equal shape."""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape, ShapeError


def signature(*branches: Floats) -> Rules:
    yield from ()
    if len(set(branches)) > 1:
        raise ShapeError(f"branches differ: {', '.join(map(str, branches))}")
    return branches[0]


def flops(shapes: dict[str, Any], outputs: dict[str, Shape]) -> int:
    return (len(shapes["branches"]) - 1) * prod(outputs[""])


def forward(run: Run, *branches: Array, **_: Any) -> tuple[Array, Any]:
    total = branches[0]
    for branch in branches[1:]:
        total = total + branch
    return total, len(branches)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, tuple[Array, ...]]:
    return {"branches": (dy,) * saved}


EXAMPLES = (Example({"branches": ((3, 5), (3, 5), (3, 5))}), Example({"branches": ((), ())}, name="scalars"))
ANALYTIC = True
STEPS = "alone"
