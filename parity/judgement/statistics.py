"""Owns the statistics of step times: medians of processes, ratios, and bootstrap intervals
that resample processes and blocks. Pure.

It refuses to drop samples, and to treat the blocks of one process as independent of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.formulas import rounding

Samples = Sequence[Sequence[float]]
"""For each process, the time of each block."""

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


def ratio_interval(samples: Samples, baseline: Samples, seed: int = 0) -> Interval:
    """How many times as long `samples` take as `baseline`, with its interval. Both are
    resampled: first processes, then blocks."""
    numbers = np.random.RandomState(seed)
    drawn = _resampled(_checked(samples), numbers) / _resampled(_checked(baseline), numbers)
    return _interval(median_of_medians(samples) / median_of_medians(baseline), drawn)


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
    """RESAMPLES medians of medians: processes drawn with replacement, then the blocks of each process."""
    count = len(samples)
    chosen = numbers.randint(0, count, (RESAMPLES, count))
    medians: npt.NDArray[np.float64] = np.empty((RESAMPLES, count))
    for process, blocks in enumerate(samples):
        places = np.nonzero(chosen == process)
        picks = numbers.randint(0, len(blocks), (len(places[0]), len(blocks)))
        medians[places] = np.median(blocks[picks], axis=1) if len(places[0]) else 0.0
    return np.asarray(np.median(medians, axis=1))


def _interval(value: float, drawn: npt.NDArray[np.float64]) -> Interval:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high))


def _checked(samples: Samples) -> list[npt.NDArray[Any]]:
    if not samples or not all(len(blocks) for blocks in samples):
        raise ValueError("every process needs at least one block")
    return [np.asarray(blocks, dtype=np.float64) for blocks in samples]
