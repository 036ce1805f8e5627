"""layer_norm: y = scale·(x - mean)/sqrt(variance + epsilon) + shift over one axis (Ba et al. 2016); biased variance."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._axes import checked, past_batch
from parity.ops._grids import Grid
from parity.ops.definition import Array, Axis, Example, Floats, ParameterRule, Real, Rules, Run, Shape


def signature(x: Floats, *, epsilon: Real = 1e-5, axis: Axis = -1) -> Rules:
    size = x[checked(x, axis)]
    yield ParameterRule("scale", (size,))
    yield ParameterRule("shift", (size,))
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 8 * prod(outputs[""])


def forward(run: Run, x: Array, scale: Array, shift: Array, *, epsilon: float, axis: int, **_: Any) -> tuple[Array, Any]:
    place = past_batch(axis) % x.ndim
    centred = x - run.mean(x, place, True)
    deviation = np.sqrt(run.mean(centred**2, place, True) + epsilon)
    normal = centred / deviation
    wide = (-1, *(1,) * (x.ndim - 1 - place))
    return normal * scale.reshape(wide) + shift.reshape(wide), (normal, deviation, scale.reshape(wide), place)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    normal, deviation, scale, place = saved
    others = tuple(axis for axis in range(dy.ndim) if axis != place)
    inner = dy * scale
    inner = inner - run.mean(inner, place, True) - normal * run.mean(inner * normal, place, True)
    return {"x": inner / deviation, "scale": run.sum(dy * normal, others), "shift": run.sum(dy, others)}


EXAMPLES = (
    Example({"x": (5, 7)}, {"epsilon": 2.0**-3}),
    Example({"x": (5, 7)}, {"epsilon": 1e-12, "axis": 0}, name="axis"),
)
ANALYTIC = True
STEPS = "along"
GRID = Grid({"x": (2, 5, 7)}, {"axis": (0, 1, 2), "epsilon": (1e-5, 2.0**-3)})
