"""group_norm: normalises groups of channels, each over all its places (Wu & He 2018, equation 7); biased variance.

Each channel has a scale and a shift, as in the paper. With as many groups as channels it is instance_norm; with one group it is
a layer norm of the whole image.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Count, Example, Flag, Floats, ParameterRule, Real, Rules, Run, Shape, ShapeError


def signature(x: Floats, *, groups: Count, epsilon: Real = 1e-5, affine: Flag = True) -> Rules:
    if len(x) not in (1, 3):
        raise ShapeError(f"needs (features) or (channels, height, width), has {x}")
    if x[0] % groups:
        raise ShapeError(f"{groups} groups do not divide {x[0]} channels")
    if affine:
        yield ParameterRule("scale", x[:1])
        yield ParameterRule("shift", x[:1])
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 8 * prod(outputs[""])


def _wide(channels: Array, x: Array) -> Array:
    return channels.reshape(-1, *(1,) * (x.ndim - 2))


def forward(
    run: Run,
    x: Array,
    scale: Array | None = None,
    shift: Array | None = None,
    *,
    groups: int,
    epsilon: float,
    **_: Any,
) -> tuple[Array, Any]:
    numbers = x.reshape(len(x), groups, -1)
    centred = numbers - run.mean(numbers, 2, True)
    deviation = np.sqrt(run.mean(centred**2, 2, True) + epsilon)
    normal = (centred / deviation).reshape(x.shape)
    y = normal if scale is None else normal * _wide(scale, x)
    return (y if shift is None else y + _wide(shift, x)), (normal, deviation, scale)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    normal, deviation, scale = saved
    axes = (0, *range(2, dy.ndim))
    inner = dy if scale is None else dy * _wide(scale, dy)
    grouped, whole = (array.reshape(*deviation.shape[:2], -1) for array in (inner, normal))
    centred = grouped - run.mean(grouped, 2, True) - whole * run.mean(grouped * whole, 2, True)
    gradients = {"x": (centred / deviation).reshape(dy.shape)}
    if scale is not None:
        gradients |= {"scale": run.sum(dy * normal, axes), "shift": run.sum(dy, axes)}
    return gradients


EXAMPLES = (
    Example({"x": (6, 5, 7)}, {"groups": 3, "epsilon": 2.0**-3}),
    Example({"x": (6, 5, 7)}, {"groups": 2, "affine": False}, name="plain"),
    Example({"x": (10,)}, {"groups": 2}, name="features"),
)
ANALYTIC = True
