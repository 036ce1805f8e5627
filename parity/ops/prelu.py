"""prelu: y = x where x > 0, else slope·x with a learned slope (He et al. 2015, equation 1).

Each channel (axis 0) has a slope, or all share one if `shared`. The derivative at 0 is the slope.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import (
    Array,
    Example,
    Flag,
    Floats,
    ParameterRule,
    Rules,
    Run,
    Shape,
    ShapeError,
    unbroadcast,
)


def signature(x: Floats, *, shared: Flag = False) -> Rules:
    if not x:
        raise ShapeError("needs at least one axis, has a single number")
    yield ParameterRule("slope", (1,) if shared else x[:1])
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 2 * prod(outputs[""])


def forward(run: Run, x: Array, slope: Array, *, branch: Array | None = None, **_: Any) -> tuple[Array, Any]:
    """branch: where True, x passes; elsewhere slope·x."""
    passes = x > 0 if branch is None else branch
    wide = slope.reshape(-1, *(1,) * (x.ndim - 2))
    return np.where(passes, x, wide * x), (x, passes, slope.shape, wide)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, passes, shape, wide = saved
    below = unbroadcast(run, np.where(passes, run.number(0), dy * x), wide.shape)
    return {"x": np.where(passes, dy, wide * dy), "slope": below.reshape(shape)}


def kinks(saved: Any) -> Array:
    return np.asarray(np.abs(saved[0]))


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (
    Example({"x": (5, 7)}),
    Example({"x": (3, 5, 7)}, name="images"),
    Example({"x": (3, 7)}, {"shared": True}, name="shared"),
)
KIND = "activations"
ANALYTIC = True
STEPS = "alone"
