"""embedding: the rows of a table whose numbers the input holds."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Count, Example, Integers, ParameterRule, Rules, Run, Shape


def signature(x: Integers, *, size: Count, units: Count) -> Rules:
    yield ParameterRule("table", (size, units), fan_in=size, fan_out=units)
    return (*x, units)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, size: int, units: int) -> int:
    return 0


def forward(run: Run, x: Array, table: Array, **_: Any) -> tuple[Array, Any]:
    if x.size and not (x.min() >= 0 and x.max() < len(table)):
        raise ValueError(f"embedding: an index lies outside of 0 … {len(table) - 1}: {x.min()} … {x.max()}")
    return table[x], (x, table)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    """A row that occurs several times gets the sum of its gradients; a shadow adds them in another order."""
    x, table = saved
    gradient = np.zeros_like(table)
    places, rows = x.reshape(-1), dy.reshape(prod(x.shape), table.shape[-1])
    order = run.permutation(len(places))
    np.add.at(gradient, places[order], rows[order])
    return {"table": gradient}


EXAMPLES = (
    Example({"x": (5,)}, {"size": 7, "units": 3}, below={"x": 7}),
    Example({"x": ()}, {"size": 11, "units": 5}, below={"x": 11}, name="single"),
)
ANALYTIC = True
STEPS = "alone"
