"""silu: y = x·σ(x) (Elfwing et al. 2018; swish of Ramachandran et al. 2017 with beta 1)."""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape
from parity.ops.sigmoid import logistic


def signature(x: Floats) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 5 * prod(outputs[""])


def forward(run: Run, x: Array, **_: Any) -> tuple[Array, Any]:
    gate = logistic(x)
    return x * gate, (x, gate)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, gate = saved
    return {"x": dy * gate * (1 + x * (1 - gate))}


EXAMPLES = (Example({"x": (3, 7)}),)
KIND = "activations"
ANALYTIC = True
STEPS = "alone"
