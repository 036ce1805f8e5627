"""instance_norm: normalises each channel of each image by its own statistics (Ulyanov et al. 2016); biased variance."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._windows import check_image
from parity.ops.definition import Array, Example, Flag, Floats, ParameterRule, Real, Rules, Run, Shape


def signature(x: Floats, *, epsilon: Real = 1e-5, affine: Flag = False) -> Rules:
    check_image(x)
    if affine:
        yield ParameterRule("scale", x[:1])
        yield ParameterRule("shift", x[:1])
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 8 * prod(outputs[""])


def forward(
    run: Run, x: Array, scale: Array | None = None, shift: Array | None = None, *, epsilon: float, **_: Any
) -> tuple[Array, Any]:
    pixels = x.reshape(*x.shape[:2], -1)
    centred = pixels - run.mean(pixels, 2, True)
    deviation = np.sqrt(run.mean(centred**2, 2, True) + epsilon)
    normal = centred / deviation
    y = normal
    if scale is not None and shift is not None:
        y = normal * scale[:, None] + shift[:, None]
    return y.reshape(x.shape), (normal, deviation, scale)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    normal, deviation, scale = saved
    pixels = dy.reshape(normal.shape)
    inner = pixels if scale is None else pixels * scale[:, None]
    centred = inner - run.mean(inner, 2, True) - normal * run.mean(inner * normal, 2, True)
    gradients = {"x": (centred / deviation).reshape(dy.shape)}
    if scale is not None:
        gradients |= {"scale": run.sum(pixels * normal, (0, 2)), "shift": run.sum(pixels, (0, 2))}
    return gradients


EXAMPLES = (
    Example({"x": (3, 5, 7)}, {"epsilon": 2.0**-3}),
    Example({"x": (3, 5, 7)}, {"affine": True}, name="affine"),
)
ANALYTIC = True
