"""Owns the naming of a distribution by one large draw: the only form whose Kolmogorov–Smirnov distance chance explains.

It refuses to name a distribution if two explain the draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import erf, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement import budgets

Array = npt.NDArray[Any]
Distribution = Callable[[Array], Array]
LEVEL = 2.0
"""√n·D above which a form is rejected; by chance, a right form exceeds it with probability 2·exp(-2·LEVEL²) = 0.07 %."""


def uniform(limit: float) -> Distribution:
    return lambda x: np.clip((x + limit) / (2 * limit), 0, 1)


def normal(deviation: float, cut: float = np.inf) -> Distribution:
    """A normal distribution. cut: where it is truncated, in standard deviations before the cut."""
    low = _phi(-cut)
    return lambda x: np.clip((np.vectorize(_phi)(x / deviation) - low) / (1 - 2 * low), 0, 1)


def two_uniforms(limit: float) -> Distribution:
    """The sum of two uniform numbers, whose density is a triangle."""
    return lambda x: (
        np.where(x < 0, np.clip(2 * limit + x, 0, None) ** 2, 8 * limit**2 - np.clip(2 * limit - x, 0, None) ** 2)
        / (8 * limit**2)
    )


def _phi(x: float) -> float:
    return 0.5 * (1 + erf(x / sqrt(2)))


def named(draw: Array, candidates: Mapping[str, Distribution]) -> str:
    """The name of the only form that explains the draw."""
    sample = np.sort(np.asarray(draw, dtype=np.float64).ravel())
    if sample[0] == sample[-1]:
        return f"{sample[0]:g} everywhere"
    if set(np.unique(sample)) == {0.0, 1.0}:
        blocks = np.asarray(draw).reshape(4, -1)
        return f"0, and 1 in block {', '.join(str(place + 1) for place in range(4) if blocks[place].all())} of 4"
    if _orthogonal(np.asarray(draw, dtype=np.float64)):
        return "orthogonal"
    names = [name for name, distribution in candidates.items() if fits(sample, distribution)]
    if len(names) == 1:
        return names[0]
    return f"no known form: mean {sample.mean():.3g}, standard deviation {sample.std():.3g}, within ±{np.abs(sample).max():.3g}"


def fits(draw: Array, distribution: Distribution) -> bool:
    """Whether chance explains the greatest distance between the draw's distribution function and this distribution's."""
    sample = np.sort(np.asarray(draw, dtype=np.float64).ravel())
    expected, steps = distribution(sample), np.arange(len(sample) + 1) / len(sample)
    distance = max(np.max(np.abs(expected - steps[1:])), np.max(np.abs(expected - steps[:-1])))
    return bool(distance * sqrt(len(sample)) <= LEVEL)


def _orthogonal(draw: Array) -> bool:
    """Whether the shorter side of a matrix has orthonormal vectors."""
    if draw.ndim != 2:
        return False
    rows = draw if draw.shape[0] <= draw.shape[1] else draw.T
    allowed = budgets.orthogonality((draw.shape[0], draw.shape[1]), 1.0, budgets.roundoff("float32"))
    return budgets.greatest(rows @ rows.T - np.eye(len(rows))) <= allowed
