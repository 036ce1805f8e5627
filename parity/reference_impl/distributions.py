"""Owns the distribution that an initializer's spec claims for its draws, as functions.

It refuses to draw, and to test: parity.judgement computes statistics of samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import erf, exp, pi, prod, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.formulas.formula import SCALARS, Formula
from parity.spec.cases import Sampling
from parity.spec.specs import Initializer

Array = npt.NDArray[Any]

CUT = 2.0
"""Where a truncated normal ends, in standard deviations of the normal before the cut."""


def _cut_moments() -> tuple[float, float]:
    """Second and fourth moment of a standard normal cut at ±CUT. By parts: ∫x²φ = Z - 2aφ(a), ∫x⁴φ = 3∫x²φ - 2a³φ(a)."""
    inside, density = erf(CUT / sqrt(2)), exp(-(CUT**2) / 2) / sqrt(2 * pi)
    second = 1 - 2 * CUT * density / inside
    return second, 3 * second - 2 * CUT**3 * density / inside


_CUT_MOMENTS = _cut_moments()


@dataclass(frozen=True)
class Claim:
    """A claimed distribution, symmetric around 0 unless it is a constant. `scale` is the
    value, standard deviation, limit or gain."""

    kind: str  # constant | normal | uniform | truncated_normal | orthogonal | identity
    scale: float

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of one element. uniform: limit/√3. truncated_normal: 0.8796
        times that of the normal before the cut."""
        if self.kind == "truncated_normal":
            return self.scale * sqrt(_CUT_MOMENTS[0])
        return self.scale / sqrt(3) if self.kind == "uniform" else self.scale

    @property
    def edge(self) -> float:
        """The limit that no |element| exceeds."""
        return {"uniform": self.scale, "truncated_normal": CUT * self.scale}.get(self.kind, float("inf"))

    @property
    def kurtosis(self) -> float:
        """Fourth central moment over the squared variance: 3 for a normal, 2.37 for a truncated
        normal, 9/5 for a uniform distribution."""
        if self.kind == "truncated_normal":
            return _CUT_MOMENTS[1] / _CUT_MOMENTS[0] ** 2
        return 1.8 if self.kind == "uniform" else 3.0

    def below(self, x: Array) -> Array:
        """The cumulative distribution function, element by element."""
        scaled = np.asarray(x, dtype=np.float64) / self.scale
        if self.kind == "uniform":
            return np.asarray(np.clip((scaled + 1) / 2, 0, 1))
        if self.kind == "truncated_normal":
            return np.asarray(np.clip((1 + _erf(scaled / sqrt(2)) / erf(CUT / sqrt(2))) / 2, 0, 1))
        return np.asarray(0.5 * (1 + _erf(scaled / sqrt(2))))

    def within(self, x: float) -> float:
        """Probability that |element| <= x."""
        scaled = x / self.scale
        if self.kind == "truncated_normal":
            return min(erf(scaled / sqrt(2)) / erf(CUT / sqrt(2)), 1.0)
        return min(scaled, 1.0) if self.kind == "uniform" else erf(scaled / sqrt(2))


def claim(spec: Initializer, arguments: Mapping[str, float], sampling: Sampling) -> Claim:
    """The distribution that the spec's formula gives for these arguments and fans."""
    formula = {
        "constant": spec.value,
        "normal": spec.standard_deviation,
        "uniform": spec.limit,
        "truncated_normal": spec.standard_deviation,
        "orthogonal": spec.gain,
        "identity": spec.gain,
    }[spec.distribution]
    text = formula if isinstance(formula, Formula) else Formula(str(formula))
    variables = {**arguments, "fan_in": sampling.fan_in, "fan_out": sampling.fan_out}
    return Claim(spec.distribution, float(text.evaluate(variables, SCALARS)))


def as_matrix(sample: Array) -> Array:
    """The matrix that an orthogonal initializer makes orthogonal: an array (a, b, …) as a rows and b·… columns."""
    return sample.reshape(sample.shape[0], prod(sample.shape[1:]))


def _erf(x: Array) -> Array:
    return np.fromiter(map(erf, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)
