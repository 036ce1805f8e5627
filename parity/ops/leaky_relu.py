"""leaky_relu: y = x where x > 0, else slope·x (Maas et al. 2013); its derivative at 0 is the slope."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Real, Rules, Run, Shape


def signature(x: Floats, *, slope: Real = 0.01) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 2 * prod(outputs[""])


def forward(run: Run, x: Array, *, slope: float, branch: Array | None = None, **_: Any) -> tuple[Array, Any]:
    """branch: where True, x passes; elsewhere slope·x."""
    passes = x > 0 if branch is None else branch
    return np.where(passes, x, slope * x), (x, passes, slope)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    _, passes, slope = saved
    return {"x": np.where(passes, dy, slope * dy)}


def kinks(saved: Any) -> Array:
    return np.asarray(np.abs(saved[0]))


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (Example({"x": (3, 7)}), Example({"x": (3, 7)}, {"slope": 0.25}, name="slope"))
KIND = "activations"
ANALYTIC = True
STEPS = "alone"
