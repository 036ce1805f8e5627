"""Owns the closed forms of initializers: the distribution, the fan that scales it, its cut and the correction for the cut.

It refuses to name a form unless chance explains every draw. Constants, the identity and orthogonal matrices are no draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import erf, log, sqrt
from statistics import NormalDist

import numpy as np

from parity.fingerprinting.forms.form import Array, Arrays, Facet
from parity.fingerprinting.forms.randomness import withstood
from parity.judgement import budgets

SHAPES: Mapping[str, tuple[int, ...]] = {"dense": (307, 101), "conv": (61, 29, 3, 5)}
INPUTS: Arrays = {name: np.array(shape) for name, shape in SHAPES.items()}
"""Shapes (out, in, …) whose sides are distinct primes, so that no fan equals another."""

LEVEL = 2.0
"""√n·D above which a form is rejected: by chance, 0.07 % of draws of the right form exceed it (2·exp(-2·LEVEL²))."""
SURE = 5.0
"""Number of standard errors within which the variance of each draw must agree with the same rule."""


@dataclass(frozen=True)
class Family:
    """A distribution of variance 1: its distribution function, its quantiles, and its fourth moment, which determines the
    standard error of a variance."""

    name: str
    below: Callable[[Array], Array]
    quantiles: Callable[[Array], Array]
    fourth: float
    bound: float = float("inf")
    """The greatest possible size of a number."""


@dataclass(frozen=True)
class ExplainedDraws:
    """What explains every draw. deviations: name of a shape -> standard deviation, or gain. middle: the mean, or the value."""

    name: str
    distribution: str
    quantiles: Callable[[Array], Array]
    deviations: Mapping[str, float]
    middle: float = 0.0
    family: Family | None = None


def _phi(x: Array) -> Array:
    return np.asarray(0.5 * (1 + np.vectorize(erf)(np.asarray(x) / sqrt(2))))


def normal_quantiles(shares: Array) -> Array:
    return np.asarray(np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])(shares))


def cut_quantiles(cut: float, shares: Array) -> Array:
    """Quantiles of a standard normal that is cut at ± cut, and not widened."""
    low = float(_phi(np.array(-cut)))
    return normal_quantiles(low + shares * (1 - 2 * low))


def uniform_quantiles(shares: Array) -> Array:
    """Quantiles of a uniform distribution of variance 1."""
    return np.asarray(sqrt(3) * (2 * shares - 1))


def _cut_normal(cut: float) -> Family:
    """A normal that is cut at ± cut deviations and has variance 1 after the cut."""
    density, mass = np.exp(-(cut**2) / 2) / sqrt(2 * np.pi), float(2 * _phi(np.array(cut)) - 1)
    variance = 1 - 2 * cut * density / mass
    fourth = (3 * mass - 2 * density * (cut**3 + 3 * cut)) / mass / variance**2
    low = float(_phi(np.array(-cut)))
    below = lambda x: np.clip((_phi(x * sqrt(variance)) - low) / (1 - 2 * low), 0, 1)  # noqa: E731
    return Family(
        f"normal cut at {cut:g}σ", below, lambda p: cut_quantiles(cut, p) / sqrt(variance), fourth, cut / sqrt(variance)
    )


FAMILIES = (
    Family("uniform", lambda x: np.clip((x / sqrt(3) + 1) / 2, 0, 1), uniform_quantiles, 1.8, sqrt(3)),
    Family("normal", _phi, normal_quantiles, 3.0),
    _cut_normal(2.0),
)
CUT_VARIANCE = 0.7737413035499232
"""The variance of a standard normal cut at ±2."""

FANS: Mapping[str, Callable[[tuple[int, ...]], float]] = {
    "fan_in": lambda shape: float(np.prod(shape[1:])),
    "fan_out": lambda shape: float(shape[0] * np.prod(shape[2:])),
    "the mean of both fans": lambda shape: float((shape[0] + shape[1]) * np.prod(shape[2:]) / 2),
    "in, without the kernel's size": lambda shape: float(shape[1]),
    "out, without the kernel's size": lambda shape: float(shape[0]),
    "": lambda shape: 1.0,
}
GAINS: Mapping[str, float] = {
    **{str(value): float(value) for value in (1, 2, 3)},
    "1/3": 1 / 3,
    "2/(1 + 0.25²)": 2 / (1 + 0.25**2),
    "(5/3)²": 25 / 9,
    "0.01²": 1e-4,
    "0.02²": 4e-4,
    "0.05²": 25e-4,
    "0.07²/3": 0.07**2 / 3,
    "0.05²/3": 0.05**2 / 3,
    "0.1²": 1e-2,
    "0.5²": 0.25,
}
"""Known variances in literature and frameworks, as multiples of 1/fan, or, without a fan, as they are."""


def named(arrays: Arrays, dtype: str) -> list[Facet]:
    """The forms that explain every draw and pass the tests of randomness."""
    names, departed, tests = [], {}, {}
    for explanation in explained(arrays):
        tests = tested(explanation, _draws(arrays))
        wrong = [f"{test} ({words})" for test, words in tests.items() if words != "held"]
        if wrong:
            departed[explanation.name] = wrong[0]
        else:
            names.append(explanation.name)
    return [Facet("draws", tuple(names), dtype if names else "", "", departed, tests)]


def tested(explanation: ExplainedDraws, draws: Arrays) -> dict[str, str]:
    """Test of randomness -> `held`, or what is wrong; empty for an object that does not draw. The scale
    is taken from the draws."""
    family = explanation.family
    if family is None:
        return {}
    bounded, plain = np.isfinite(family.bound), {}
    for name, draw in draws.items():
        moved = draw - explanation.middle
        plain[name] = moved * (family.bound / budgets.greatest(moved) if bounded else 1 / budgets.rms(moved))
    return withstood(plain, family.below, family.fourth, bool(bounded))


def explained(arrays: Arrays) -> list[ExplainedDraws]:
    """Every distribution that chance does not exclude: for both shapes, or for the matrix if the object takes matrices only."""
    draws = _draws(arrays)
    exact = _exact(draws)
    return [exact] if exact else list(_distributions(draws))


def _draws(arrays: Arrays) -> dict[str, Array]:
    setting = "draw" if any(name.startswith("draw/") for name in arrays) else "matrix"
    return {name: np.asarray(arrays[f"{setting}/{name}"], np.float64) for name in SHAPES if f"{setting}/{name}" in arrays}


def _exact(draws: Arrays) -> ExplainedDraws | None:
    """The form of an object that does not draw (the same number everywhere, the identity), of orthogonal matrices, or of a
    uniform draw that is not centered at 0."""
    values = np.concatenate([draw.ravel() for draw in draws.values()])
    nothing = np.zeros_like
    if (values == values[0]).all():
        return ExplainedDraws(f"{values[0]:g} everywhere", "constant", nothing, dict.fromkeys(draws, 0.0), float(values[0]))
    matrices = [draw.reshape(len(draw), -1) for draw in draws.values()]
    if "dense" in draws and np.array_equal(draws["dense"], np.eye(*draws["dense"].shape)):
        return ExplainedDraws("identity", "identity", nothing, dict.fromkeys(draws, 1.0))
    gains = [gain for gain in map(_orthogonal, matrices) if gain is not None]
    if len(gains) == len(matrices) and max(gains) - min(gains) <= max(_allowed(matrix, max(gains)) for matrix in matrices):
        return ExplainedDraws(f"orthogonal, gain {gains[0]:.4g}", "orthogonal", nothing, dict.fromkeys(draws, gains[0]))
    return _between(draws)


def _between(draws: Arrays) -> ExplainedDraws | None:
    """A uniform distribution that is not centered at 0, between two numbers of two digits."""
    values = np.concatenate([draw.ravel() for draw in draws.values()])
    low, high = float(f"{values.min():.2g}"), float(f"{values.max():.2g}")
    least = -log(budgets.FALSE_ALARM) * high / values.size  # P(all n draws above x) = (1 - x/high)ⁿ <= exp(-n·x/high)
    low = 0.0 if abs(low) < least else low
    if low == -high or not _fits((values - low) / (high - low) * sqrt(12) - sqrt(3), FAMILIES[0], 1.0):
        return None
    deviations = dict.fromkeys(draws, (high - low) / sqrt(12))
    return ExplainedDraws(
        f"uniform between {low:g} and {high:g}", "uniform", uniform_quantiles, deviations, (low + high) / 2, FAMILIES[0]
    )


def _orthogonal(matrix: Array) -> float | None:
    """The gain of a matrix whose vectors along the shorter side are orthogonal and of equal length; None for any other."""
    rows = matrix if len(matrix) <= matrix.shape[1] else matrix.T
    product = rows @ rows.T
    gain = sqrt(float(np.trace(product)) / len(rows))
    return gain if budgets.greatest(product - gain**2 * np.eye(len(rows))) <= _allowed(matrix, gain) else None


def _allowed(matrix: Array, gain: float) -> float:
    return budgets.orthogonality((matrix.shape[0], matrix.shape[1]), gain, budgets.roundoff("float32"))


def _distributions(draws: Arrays) -> Iterator[ExplainedDraws]:
    for family in FAMILIES:
        for fan_name, fan in FANS.items():
            scales = {name: float(np.mean(draw**2)) * fan(SHAPES[name]) for name, draw in draws.items()}
            errors = {name: scales[name] * sqrt((family.fourth - 1) / draws[name].size) for name in draws}
            weights = {name: 1 / max(error, 1e-300) ** 2 for name, error in errors.items()}
            scale = sum(weights[name] * scales[name] for name in draws) / sum(weights.values())
            if any(abs(scales[name] - scale) > SURE * errors[name] for name in draws):
                continue
            if not all(_fits(draws[name], family, sqrt(scale / fan(SHAPES[name]))) for name in draws):
                continue
            name, nominal = _told(family, fan_name, scale, SURE / sqrt(sum(weights.values())))
            deviations = {draw: sqrt(nominal / fan(SHAPES[draw])) for draw in draws}
            yield ExplainedDraws(name, family.name, family.quantiles, deviations, family=family)


def _fits(draw: Array, family: Family, deviation: float) -> bool:
    """Whether the Kolmogorov–Smirnov distance of the draw from the family is small enough."""
    sample = np.sort(draw.ravel())
    expected, steps = family.below(sample / deviation), np.arange(len(sample) + 1) / len(sample)
    distance = max(np.max(np.abs(expected - steps[1:])), np.max(np.abs(expected - steps[:-1])))
    return bool(distance * sqrt(len(sample)) <= LEVEL)


def _told(family: Family, fan: str, scale: float, margin: float) -> tuple[str, float]:
    """The name, such as `uniform, variance 2/fan_in`, and the variance times the fan. The name of a cut normal also tells if it
    was widened so that the variance holds after the cut."""
    under = f"/{fan}" if fan else ""
    choices = [("", 1.0)]
    if "cut" in family.name:
        choices = [(", widened so that the variance holds after the cut", 1.0), (", the variance before the cut", CUT_VARIANCE)]
    near = [
        (abs(value * factor - scale), f"{family.name}, variance {text}{under}{words}", value * factor)
        for words, factor in choices
        for text, value in GAINS.items()
        if abs(value * factor - scale) <= margin
    ]
    return min(near)[1:] if near else (f"{family.name}, variance {scale:.4g}{under}", scale)
