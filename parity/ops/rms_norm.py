"""rms_norm: y = scale·x/sqrt(mean of x² + epsilon) over one axis (Zhang & Sennrich 2019, equation 4, which has no epsilon)."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._axes import checked, past_batch
from parity.ops._grids import Grid
from parity.ops.definition import Array, Axis, Example, Floats, ParameterRule, Real, Rules, Run, Shape


def signature(x: Floats, *, epsilon: Real = 1e-6, axis: Axis = -1) -> Rules:
    size = x[checked(x, axis)]
    yield ParameterRule("scale", (size,))
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 5 * prod(outputs[""])


def forward(run: Run, x: Array, scale: Array, *, epsilon: float, axis: int, **_: Any) -> tuple[Array, Any]:
    place = past_batch(axis) % x.ndim
    deviation = np.sqrt(run.mean(x**2, place, True) + epsilon)
    normal = x / deviation
    wide = scale.reshape(-1, *(1,) * (x.ndim - 1 - place))
    return normal * wide, (normal, deviation, wide, place)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    normal, deviation, wide, place = saved
    others = tuple(axis for axis in range(dy.ndim) if axis != place)
    inner = dy * wide
    inner = inner - normal * run.mean(inner * normal, place, True)
    return {"x": inner / deviation, "scale": run.sum(dy * normal, others)}


EXAMPLES = (
    Example({"x": (5, 7)}, {"epsilon": 2.0**-3}),
    Example({"x": (5, 7)}, {"epsilon": 1e-12, "axis": 0}, name="axis"),
)
ANALYTIC = True
GRID = Grid({"x": (2, 5, 7)}, {"axis": (0, 1, 2), "epsilon": (1e-6, 2.0**-3)})
