"""hard_sigmoid: y = min(max(slope·x + 1/2, 0), 1) (Courbariaux et al. 2015; slope 1/6 of Howard et al. 2019, 1/5 of Theano).

Its derivative at both bends is 0.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Real, Rules, Run, Shape


def signature(x: Floats, *, slope: Real = 1 / 6) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 4 * prod(outputs[""])


def gate(run: Run, x: Array, slope: float, branch: Array | None) -> tuple[Array, Array]:
    """min(max(slope·x + 1/2, 0), 1), and the branch of each element: 0 where the value is
    0, 1 where it rises, 2 where it is 1."""
    zero, one = run.number(0), run.number(1)
    line = slope * x + 0.5
    if branch is None:
        return np.minimum(np.maximum(line, zero), one), np.where(line > zero, np.where(line < one, 1, 2), 0)
    return np.where(branch == 1, line, np.where(branch == 0, zero, one)), branch


def bends(x: Array, slope: float) -> Array:
    """Distance of each element from the nearer bend."""
    return np.asarray(np.abs(np.abs(x) - 0.5 / slope))


def forward(run: Run, x: Array, *, slope: float, branch: Array | None = None, **_: Any) -> tuple[Array, Any]:
    """branch: 0 where y is 0, 1 where it rises, 2 where it is 1."""
    y, side = gate(run, x, slope, branch)
    return y, (x, side, slope)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    _, side, slope = saved
    return {"x": np.where(side == 1, dy * slope, run.number(0))}


def kinks(saved: Any) -> Array:
    return bends(saved[0], saved[2])


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (
    Example({"x": (5, 7)}, limits={"x": (-5, 5)}),
    Example({"x": (5, 7)}, {"slope": 0.2}, limits={"x": (-5, 5)}, name="fifth"),
)
KIND = "activations"
ANALYTIC = True
STEPS = "alone"
