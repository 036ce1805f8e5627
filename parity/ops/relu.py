"""relu: y = max(x, 0) (Nair & Hinton 2010); its derivative at 0 is 0."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape


def signature(x: Floats) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return prod(outputs[""])


def forward(run: Run, x: Array, *, branch: Array | None = None, **_: Any) -> tuple[Array, Any]:
    """branch: where True, x passes; elsewhere 0."""
    if branch is None:
        return np.maximum(x, run.number(0)), (x, x > 0)
    return np.where(branch, x, run.number(0)), (x, branch)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    _, passes = saved
    return {"x": np.where(passes, dy, run.number(0))}


def kinks(saved: Any) -> Array:
    return np.asarray(np.abs(saved[0]))


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (Example({"x": (3, 7)}),)
KIND = "activations"
ANALYTIC = True
STEPS = "alone"
