"""multiply: the element-wise product of values of equal shape."""

from __future__ import annotations

from functools import reduce
from math import prod
from operator import mul
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
    return reduce(mul, branches), branches


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, tuple[Array, ...]]:
    others = [(*saved[:place], *saved[place + 1 :]) for place in range(len(saved))]
    return {"branches": tuple(reduce(mul, rest, dy) for rest in others)}


EXAMPLES = (Example({"branches": ((3, 5), (3, 5), (3, 5))}),)
ANALYTIC = True
STEPS = "alone"
