"""learned_positions: adds row t of a trainable table to the features at time t (Gehring et al. 2017, section 3.1)."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Count, Example, Floats, ParameterRule, Rules, Run, Shape, ShapeError


def signature(x: Floats, *, positions: Count) -> Rules:
    if len(x) != 2:
        raise ShapeError(f"needs (time, features), has {x}")
    if x[0] > positions:
        raise ShapeError(f"has {positions} positions, fewer than the {x[0]} time steps of x")
    yield ParameterRule("table", (positions, x[1]), fan_in=positions, fan_out=x[1])
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, positions: int) -> int:
    return prod(outputs[""])


def forward(run: Run, x: Array, table: Array, **_: Any) -> tuple[Array, Any]:
    return x + table[: x.shape[1]], table


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    gradient = np.zeros_like(saved)
    gradient[: dy.shape[1]] = run.sum(dy, 0)
    return {"x": dy, "table": gradient}


EXAMPLES = (Example({"x": (5, 3)}, {"positions": 7}),)
ANALYTIC = True
STEPS = "alone"
