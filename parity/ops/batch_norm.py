"""batch_norm: y = scale·(x - mean)/sqrt(variance + epsilon) + shift, per channel (Ioffe & Szegedy 2015, algorithm 1).

Training normalises by the batch's biased variance, evaluation by the running statistics. A training step keeps the
share `momentum` of the running statistics. With `running_variance: unbiased`, the running variance moves towards
the batch's variance with divisor n - 1.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._grids import FLAGS, IMAGE, Grid
from parity.ops.definition import (
    Array,
    Example,
    Flag,
    Floats,
    ParameterRule,
    Real,
    Rules,
    Run,
    Shape,
    ShapeError,
    StatisticRule,
    Word,
)

WORDS = {"running_variance": ("biased", "unbiased")}


def signature(
    x: Floats,
    *,
    epsilon: Real = 1e-5,
    momentum: Real = 0.9,
    scale: Flag = True,
    shift: Flag = True,
    running_variance: Word = "biased",
) -> Rules:
    if len(x) not in (1, 3):
        raise ShapeError(f"needs (features) or (channels, height, width), has {x}")
    if scale:
        yield ParameterRule("scale", x[:1])
    if shift:
        yield ParameterRule("shift", x[:1])
    yield StatisticRule("running_mean", x[:1], 0.0)
    yield StatisticRule("running_variance", x[:1], 1.0)
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 4 * prod(outputs[""])


def _wide(channels: Array, x: Array) -> Array:
    return channels.reshape(-1, *(1,) * (x.ndim - 2))


def forward(
    run: Run,
    x: Array,
    running_mean: Array,
    running_variance: Array,
    scale: Array | None = None,
    shift: Array | None = None,
    *,
    epsilon: float,
    momentum: float,
    running_variance_: str,
    **_: Any,
) -> tuple[dict[str, Array], Any]:
    """running_variance_ is the attribute, running_variance the statistic."""
    outputs = {}
    mean, variance = running_mean, running_variance
    if run.training:
        axes = (0, *range(2, x.ndim))
        mean = run.mean(x, axes)
        variance = run.mean((x - _wide(mean, x)) ** 2, axes)
        count = x.size // mean.size
        variance_kept = variance if running_variance_ == "biased" else variance * run.number(count / (count - 1))
        outputs["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        outputs["running_variance"] = momentum * running_variance + (1 - momentum) * variance_kept
    deviation = _wide(np.sqrt(variance + epsilon), x)
    normal = (x - _wide(mean, x)) / deviation
    y = normal if scale is None else normal * _wide(scale, x)
    outputs[""] = y if shift is None else y + _wide(shift, x)
    return outputs, (normal, deviation, scale, shift)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    normal, deviation, scale, shift = saved
    axes = (0, *range(2, dy.ndim))
    gradients = {}
    if scale is not None:
        gradients["scale"] = run.sum(dy * normal, axes)
    if shift is not None:
        gradients["shift"] = run.sum(dy, axes)
    inner = dy if scale is None else dy * _wide(scale, dy)
    if run.training:
        inner = inner - run.mean(inner, axes, True)[0] - normal * run.mean(inner * normal, axes, True)[0]
    gradients["x"] = inner / deviation
    return gradients


EXAMPLES = (
    Example({"x": (3, 5, 7)}, {"epsilon": 2.0**-3, "momentum": 0.75}),
    Example({"x": (3, 5, 2)}, {"running_variance": "unbiased"}, name="unbiased"),
    Example({"x": (7,)}, {"scale": False, "shift": False}, name="features"),
)
ANALYTIC = True
GRID = Grid(
    IMAGE,
    {
        "epsilon": (1e-5, 2.0**-3),
        "momentum": (0.9, 0.75),
        "scale": FLAGS,
        "shift": FLAGS,
        "running_variance": ("biased", "unbiased"),
    },
)
