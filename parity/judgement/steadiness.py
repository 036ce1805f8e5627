"""Owns what kind of warm-up a process had, by change points (Barrett et al. 2017, Virtual Machine Warmup Blows Hot and Cold).

It refuses to drop a step, and to call steady what has only just changed. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement.budgets import SEGMENT

Array = npt.NDArray[Any]

KINDS = ("flat", "warming", "slowing", "no steady state")
SHORTEST = 5
"""Steps of a stretch between two change points; fewer are an outlier."""
PENALTY = 3.0
"""Of one change point, in log(n) times the noise: an information criterion with a place and a level for each."""


def kind(times: Sequence[float]) -> str:
    """flat: one speed. warming: the last stretch is the fastest. slowing: an earlier stretch was faster. no steady state: the
    last change lies within the last tenth. times: of each step in order."""
    stretches = merged(times, change_points(times))
    medians = [median(times[begin:end]) for begin, end in stretches]
    begin, end = stretches[-1]
    if len(stretches) > 1 and end - begin < max(SHORTEST, len(times) // 10):
        return "no steady state"
    if len(stretches) == 1:
        return "flat"
    return "slowing" if medians[-1] > (1 + SEGMENT) * min(medians) else "warming"


def change_points(times: Sequence[float]) -> list[int]:
    """Where the level of the logarithms changes, by binary segmentation: a cut lowers the squares by more than its penalty."""
    if len(times) < 2 * SHORTEST:
        return []
    logs = np.log(np.maximum(np.asarray(times, dtype=np.float64), 1.0))
    low, high = np.quantile(logs, [0.01, 0.99])
    logs = np.clip(logs, low, high)  # a step that met an interrupt is no level
    steps = np.diff(logs)
    noise = max((1.4826 * float(np.median(np.abs(steps))) / np.sqrt(2)) ** 2, 1e-8)
    return sorted(_cuts(logs, 0, len(logs), PENALTY * noise * float(np.log(len(logs)))))


def _cuts(logs: Array, begin: int, end: int, penalty: float) -> list[int]:
    if end - begin < 2 * SHORTEST:
        return []
    part = logs[begin:end]
    sums, squares = np.cumsum(part), np.cumsum(np.square(part))
    left = np.arange(SHORTEST, len(part) - SHORTEST + 1)
    right = len(part) - left
    before = squares[left - 1] - np.square(sums[left - 1]) / left
    after = squares[-1] - squares[left - 1] - np.square(sums[-1] - sums[left - 1]) / right
    whole = squares[-1] - np.square(sums[-1]) / len(part)
    best = int(np.argmin(before + after))
    if whole - (before + after)[best] <= penalty:
        return []
    cut = begin + int(left[best])
    return [*_cuts(logs, begin, cut, penalty), cut, *_cuts(logs, cut, end, penalty)]


def merged(times: Sequence[float], cuts: Sequence[int]) -> list[tuple[int, int]]:
    """The stretches between the cuts, neighbours of one speed (budgets.SEGMENT) taken as one."""
    stretches: list[tuple[int, int]] = []
    for begin, end in zip((0, *cuts), (*cuts, len(times)), strict=True):
        if stretches:
            earlier = stretches[-1]
            number, other = median(times[earlier[0] : earlier[1]]), median(times[begin:end])
            if max(number, other) <= (1 + SEGMENT) * min(number, other):
                stretches[-1] = (earlier[0], end)
                continue
        stretches.append((begin, end))
    return stretches
