"""Owns the tests of a draw beyond its distribution function: zeros, ties, tails, and the independence of its numbers.

It refuses to name a distribution. Each test has the level budgets.FALSE_ALARM, shared by all of its comparisons, so that a
right draw fails a test once in a hundred thousand. test_draws.py shows that at every seed tried they catch a thousandth of
zeros, numbers of fewer than 20 bits, a normal cut at 3.5σ, correlations of 7 % at any distance, forwards or backwards, and
rows or columns that share a mean or a size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import log, sqrt

import numpy as np

from parity.fingerprinting.forms.form import Array, Arrays
from parity.judgement import budgets

FINEST = 22
"""Bits of the coarsest acceptable generator: float32's uniform numbers have 23 or 24."""
SHARES = (1e-2, 1e-3, 1.5e-4)
"""Shares of a distribution at each end in which numbers are counted, over all draws together."""


TESTS = ("zeros", "ties", "independence", "tails")


def withstood(draws: Arrays, below: Callable[[Array], Array], fourth: float, bounded: bool) -> dict[str, str]:
    """Test -> `held`, or what is wrong.

    draws: numbers of mean 0 and variance 1, or (bounded) scaled so that the greatest lies at the bound. below: their
    distribution function. fourth: their fourth moment.
    """
    every: Mapping[str, Callable[[Array], str]] = {
        "zeros": zeros,
        "ties": ties,
        "independence": lambda draw: independence(draw, fourth),
    }
    results = {"tails": tails(draws, below, bounded) or "held"}
    for test, check in every.items():
        wrong = [f"{name}: {words}" for name, draw in draws.items() if (words := check(draw))]
        results[test] = "; ".join(wrong) or "held"
    if len(draws) > 1 and results["independence"] == "held":
        results["independence"] = between(*list(draws.values())[:2]) or "held"
    return {test: results[test] for test in TESTS}


def zeros(draw: Array) -> str:
    count = int(np.sum(draw == 0))
    return "" if count <= _most(draw.size * 2.0**-FINEST) else f"{count:,} of {draw.size:,} numbers are 0"


def ties(draw: Array) -> str:
    """Tests the number of pairs of equal numbers: of n²/2 pairs, each is equal with probability 2⁻ᵇ or less."""
    _, counts = np.unique(draw[draw != 0], return_counts=True)
    pairs = int(np.sum(counts * (counts - 1) // 2))
    return "" if pairs <= _most(draw.size**2 / 2 * 2.0**-FINEST) else f"{pairs:,} pairs of numbers are equal"


def tails(draws: Arrays, below: Callable[[Array], Array], bounded: bool) -> str:
    """Tests how many numbers lie in each end and in both ends, and how far out."""
    low = np.concatenate([below(draw.ravel()) for draw in draws.values()])
    sides = {"low end": (low, 1), "high end": (1 - low, 1), "ends": (np.minimum(low, 1 - low), 2)}
    for side, (shares, ends) in sides.items():
        for share in SHARES:
            count, expected = int(np.sum(shares < share)), low.size * share * ends
            margin = 0.1 * expected + 2 * bounded  # the deviation is known to 0.5 %, a bound to one or two numbers
            if count > _most(expected + margin) or count < _least(expected - margin):
                return f"{count:,} numbers lie in the {side} where {expected:.0f} should"
        if not bounded and float(shares.min()) < budgets.FALSE_ALARM / low.size:
            return f"a number lies too far out at the {side}"
    return ""


def independence(draw: Array, fourth: float) -> str:
    """Tests correlations of numbers, and of their sizes, at every distance and mirrored; and means of slices by axis."""
    sizes = (draw**2 - 1) / sqrt(fourth - 1)
    for what, numbers in {"numbers": draw, "sizes": sizes}.items():
        flat = numbers.ravel()
        transform = np.fft.fft(flat)
        ways = {
            "apart": (np.fft.ifft(np.abs(transform) ** 2).real[1:] / len(flat), 1.0),
            "mirrored": (np.fft.ifft(transform**2).real / len(flat), 2.0),
        }
        for way, (correlations, pairs) in ways.items():
            limit = sqrt(pairs) * budgets.deviations(len(correlations)) * WIDER / sqrt(len(flat))
            worst = int(np.argmax(np.abs(correlations)))
            if abs(correlations[worst]) > limit:
                where = f"{worst + 1} {way}" if way == "apart" else "mirrored in the order of drawing"
                return f"{what} correlate by {correlations[worst]:.2g}, {where}"
        for axis in range(draw.ndim):
            others = tuple(other for other in range(draw.ndim) if other != axis)
            means = numbers.mean(others) * sqrt(numbers.size / numbers.shape[axis])
            if abs(_normal_of_squares(float(np.sum(means**2)), means.size)) > budgets.deviations(draw.ndim) * WIDER:
                return f"{what} of a slice along axis {axis} are not independent"
    return ""


WIDER = 1.25
"""Factor of the limits, which are for sums of normal numbers: products of sizes, and sums of 5 numbers, have longer tails."""


def between(array: Array, other: Array) -> str:
    """Tests the correlation of two draws from their first number on, forwards and backwards."""
    count = min(array.size, other.size)
    first, second = array.ravel()[:count], other.ravel()[:count]
    for way, turned in {"": second, " backwards": second[::-1]}.items():
        correlation = float(np.mean(first * turned))
        if abs(correlation) > budgets.deviations(2) * WIDER / sqrt(count):
            return f"the second draw correlates with the first{way} by {correlation:.2g}"
    return ""


def _normal_of_squares(total: float, count: int) -> float:
    """χ² of `count` degrees of freedom, transformed to a normal number (Wilson & Hilferty 1931)."""
    spread = 2 / (9 * count)
    return float(((total / count) ** (1 / 3) - (1 - spread)) / sqrt(spread))


def _most(expected: float) -> int:
    """The greatest count of a Poisson distribution that chance explains at the level."""
    return next(count for count in _counts(expected) if _log_chance(count, expected) < log(budgets.FALSE_ALARM)) - 1


def _counts(expected: float) -> Iterator[int]:
    count = int(expected) + 1
    while True:
        yield count
        count += 1


def _least(expected: float) -> int:
    """The least count of a Poisson distribution that chance explains at the level."""
    return next((n + 1 for n in range(int(expected), -1, -1) if _log_chance(n, expected) < log(budgets.FALSE_ALARM)), 0)


def _log_chance(count: int, expected: float) -> float:
    """The logarithm of Chernoff's bound for a Poisson count this far from its mean: e^(count -
    expected)·(expected/count)^count."""
    return count - expected + (count * log(expected / count) if count else 0.0)
