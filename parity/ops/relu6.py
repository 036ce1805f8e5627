"""relu6: y = min(max(x, 0), 6) (Krizhevsky 2010); its derivative at 0 and at 6 is 0."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape


def signature(x: Floats) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 2 * prod(outputs[""])


def forward(run: Run, x: Array, *, branch: Array | None = None, **_: Any) -> tuple[Array, Any]:
    """branch: 0 where y is 0, 1 where x passes, 2 where y is 6."""
    zero, six = run.number(0), run.number(6)
    if branch is None:
        return np.minimum(np.maximum(x, zero), six), (x, np.where(x > zero, np.where(x < six, 1, 2), 0))
    return np.where(branch == 1, x, np.where(branch == 0, zero, six)), (x, branch)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    _, side = saved
    return {"x": np.where(side == 1, dy, run.number(0))}


def kinks(saved: Any) -> Array:
    x, _ = saved
    return np.asarray(np.minimum(np.abs(x), np.abs(x - 6)))


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (Example({"x": (5, 7)}, limits={"x": (-4, 10)}),)
KIND = "activations"
ANALYTIC = True
STEPS = "alone"
