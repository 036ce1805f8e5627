"""dropout: in training, x times a mask of 0 and 1/(1 - rate) that the case provides (Srivastava et al. 2014, inverted).

It never draws a mask: without a mask it raises an error.
"""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops.definition import Array, Example, Floats, Rate, Rules, Run, Shape


def signature(x: Floats, *, rate: Rate) -> Rules:
    yield from ()
    return x


def masks(shapes: dict[str, Shape], *, rate: float) -> dict[str, Shape]:
    return {"mask": shapes["x"]} if rate > 0 else {}


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return prod(outputs[""])


def forward(run: Run, x: Array, mask: Array | None = None, *, rate: float, **_: Any) -> tuple[Array, Any]:
    if not run.training or rate == 0:
        return x, None
    if mask is None:
        raise ValueError("dropout in training needs a mask: the reference never draws")
    return x * mask, mask


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return {"x": dy if saved is None else dy * saved}


EXAMPLES = (Example({"x": (5, 7)}, {"rate": 0.25}),)
ANALYTIC = True
STEPS = "alone"
