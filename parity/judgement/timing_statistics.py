"""Owns the statistics of step times: medians of processes, ratios, and bootstrap intervals
that resample processes and blocks. Pure.

It refuses to drop samples, and to treat the blocks of one process as independent of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.formulas import rounding
from parity.judgement import budgets

Samples = Sequence[Sequence[float]]
"""For each process, the time of each block."""

Rounds = Mapping[int, Sequence[float]]
"""Round -> the time of each block of the process that a cell had in it."""

RESAMPLES = 2_000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A value and the bounds of its 95 % confidence interval."""

    value: float
    low: float
    high: float


def median_of_medians(samples: Samples) -> float:
    """The median over processes of each process's median over its blocks."""
    return float(median(median(blocks) for blocks in _checked(samples)))


def median_interval(samples: Samples, seed: int = 0) -> Interval:
    """The median of medians with its interval."""
    drawn = _resampled(_checked(samples), np.random.RandomState(seed))
    return _interval(median_of_medians(samples), drawn)


def paired_ratio(samples: Rounds, baseline: Rounds) -> float | None:
    """How many times as long a process takes as the baseline's of its round, in the median of the rounds; None without one."""
    rounds = sorted(samples.keys() & baseline.keys())
    return float(median(median(samples[number]) / median(baseline[number]) for number in rounds)) if rounds else None


def paired_interval(samples: Rounds, baseline: Rounds, seed: int = 0, level: float = LEVEL) -> Interval | None:
    """`paired_ratio` with its interval: rounds are drawn jointly for both, so that what slows a whole round down cancels, and
    then the blocks of each process. None where fewer than `budgets.LEAST_ROUNDS` rounds have both."""
    value = paired_ratio(samples, baseline)
    rounds = sorted(samples.keys() & baseline.keys())
    if value is None or len(rounds) < budgets.LEAST_ROUNDS:
        return None
    numbers = np.random.RandomState(seed)
    chosen = numbers.randint(0, len(rounds), (RESAMPLES, len(rounds)))
    above = _drawn_medians(_checked([samples[number] for number in rounds]), chosen, numbers)
    below = _drawn_medians(_checked([baseline[number] for number in rounds]), chosen, numbers)
    return _interval(value, np.median(above / below, axis=1), level)


def least_seen(control: Interval) -> float:
    """The smallest ratio that a run could tell from 1, from the interval of one cell measured twice."""
    return max(control.high, 1 / control.low)


def geometric_mean(values: Sequence[float]) -> float:
    """The geometric mean: the only mean under which a ratio and its reciprocal say the same (Fleming & Wallace 1986)."""
    if not values or min(values) <= 0:
        raise ValueError("a geometric mean is of positive numbers")
    return rounding.exp(sum(rounding.log(value) for value in values) / len(values))


def spread(samples: Samples) -> float:
    """The greatest median of a process over the smallest: how far fresh processes lie apart."""
    medians = [median(blocks) for blocks in _checked(samples)]
    return float(max(medians) / min(medians))


def _resampled(samples: list[npt.NDArray[np.float64]], numbers: np.random.RandomState) -> npt.NDArray[np.float64]:
    """RESAMPLES medians of medians: processes drawn with replacement, then within each its blocks."""
    chosen = numbers.randint(0, len(samples), (RESAMPLES, len(samples)))
    return np.asarray(np.median(_drawn_medians(samples, chosen, numbers), axis=1))


def _drawn_medians(
    samples: list[npt.NDArray[np.float64]], chosen: npt.NDArray[Any], numbers: np.random.RandomState
) -> npt.NDArray[np.float64]:
    """The median of each chosen process over blocks that are drawn with replacement."""
    medians: npt.NDArray[np.float64] = np.empty(chosen.shape)
    for process, blocks in enumerate(samples):
        places = np.nonzero(chosen == process)
        if len(places[0]):
            picks = numbers.randint(0, len(blocks), (len(places[0]), len(blocks)))
            medians[places] = np.median(blocks[picks], axis=1)
    return medians


def _interval(value: float, drawn: npt.NDArray[np.float64], level: float = LEVEL) -> Interval:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))


def _checked(samples: Samples) -> list[npt.NDArray[Any]]:
    if not samples or not all(len(blocks) for blocks in samples):
        raise ValueError("every process needs at least one block")
    return [np.asarray(blocks, dtype=np.float64) for blocks in samples]
