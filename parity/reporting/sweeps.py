"""Owns what timed cells say beyond their ratios: how a process starts, from which batch on a step fills the machine, and how
noise grows with the step.

It refuses a knee that the sweep does not reach, and a fit of noise to cells that are all of one length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median

import numpy as np

from parity.judgement.timing_statistics import median_of_medians
from parity.reporting.results import Speed
from parity.reporting.speeds import labelled, measured, step_samples

PLATEAU = 0.9
"""The share of the best throughput from which on a batch counts as large enough."""
LEAST_CELLS, LEAST_RANGE = 3, 2.0
"""A fit of noise needs so many cells, the longest step of which is so many times the shortest."""


@dataclass(frozen=True)
class Start:
    """Medians over the processes of a cell, in seconds: of the framework's import, of the building of the network, and of the
    first two steps, of which the first compiles where anything does."""

    importing: float
    building: float
    first: float
    second: float


@dataclass(frozen=True)
class Knee:
    """A sweep over batch sizes of one spec in one framework and mode. batch: the smallest with PLATEAU of the best throughput;
    None where the largest batch is by more than that better than the one before, so that no end is in sight. best: examples a
    second."""

    workload: str
    framework: str
    mode: str
    batches: tuple[int, ...]
    batch: int | None
    best: float


@dataclass(frozen=True)
class Noise:
    """How far the medians of processes lie apart: seconds that every step has, and a share of the step. cells: fitted to."""

    fixed: float
    share: float
    cells: int


def start(speed: Speed) -> Start | None:
    """None where a process does not tell."""
    keys = ("import_seconds", "build_seconds", "first_step_ns", "second_step_ns")
    told = [[float(process[key]) for key in keys] for process in speed.processes if all(key in process for key in keys)]
    if not told:
        return None
    importing, building, first, second = (median(column) for column in zip(*told, strict=True))
    return Start(importing, building, first / 1e9, second / 1e9)


def knees(speeds: Sequence[Speed]) -> Iterator[Knee]:
    """Of each sweep of at least three batch sizes that have a number."""
    sweeps: dict[tuple[str, str, str, str], dict[int, float]] = {}
    for item in speeds:
        if not item.role and measured(item):
            rate = item.batch_size / (median_of_medians(step_samples(item)) / 1e9)
            sweeps.setdefault((labelled(item), item.device, item.framework, item.mode), {})[item.batch_size] = rate
    for (workload, _, framework, mode), rates in sorted(sweeps.items()):
        if len(rates) >= 3:
            yield Knee(workload, framework, mode, tuple(sorted(rates)), knee(rates), max(rates.values()))


def knee(rates: Mapping[int, float]) -> int | None:
    """rates: batch size -> examples a second."""
    *_, before, last = sorted(rates)
    if rates[before] < PLATEAU * rates[last]:
        return None
    return min(batch for batch, rate in rates.items() if rate >= PLATEAU * max(rates.values()))


def noise(speeds: Sequence[Speed]) -> Noise | None:
    """The spread of process medians over cells of different lengths, as a constant and a share, neither below 0: the smallest
    sum of squares relative to the step, so that a long step does not outweigh all others."""
    points = []
    for item in speeds:
        medians = [median(blocks) for blocks in step_samples(item)]
        if len(medians) >= LEAST_CELLS:
            middle = median(medians)
            points.append((middle / 1e9, 1.4826 * median(abs(value - middle) for value in medians) / 1e9))
    lengths = [length for length, _ in points]
    if len(points) < LEAST_CELLS or max(lengths) < LEAST_RANGE * min(lengths):
        return None
    given, apart = np.array(lengths), np.array([value for _, value in points])
    rows, wanted = np.stack([1 / given, np.ones_like(given)], axis=1), apart / given
    fixed, share = (float(value) for value in np.linalg.lstsq(rows, wanted, rcond=None)[0])
    if share < 0:
        fixed, share = float(rows[:, 0] @ wanted / (rows[:, 0] @ rows[:, 0])), 0.0
    if fixed < 0:
        fixed, share = 0.0, float(np.mean(wanted))
    return Noise(fixed, share, len(points)) if isfinite(fixed) and isfinite(share) else None


def sentences(speeds: Sequence[Speed]) -> Iterator[str]:
    """What a reader is told, a sentence each."""
    for item in speeds:
        found = start(item) if not item.role else None
        if found:
            name = f"{labelled(item)}, batch {item.batch_size}, {item.framework} ({item.mode})"
            yield (
                f"{name} starts: import {found.importing:.2g} s, build {found.building:.2g} s, first step "
                f"{1000 * found.first:.3g} ms, second {1000 * found.second:.3g} ms"
            )
    for sweep in knees(speeds):
        batches = f"batches {', '.join(map(str, sweep.batches))}"
        name = f"{sweep.workload}, {sweep.framework} ({sweep.mode}), {batches}"
        if sweep.batch is None:
            yield f"{name}: throughput still grows at the largest batch"
        else:
            rate = f"{sweep.best:,.0f} examples a second"
            yield f"{name}: from batch {sweep.batch} on {PLATEAU:.0%} of the best throughput, {rate}"
    if fitted := noise(speeds):
        yield (
            f"noise between processes, fitted to {fitted.cells} cells: {1000 * fitted.fixed:.2g} ms that every step has, and "
            f"{fitted.share:.1%} of the step"
        )
