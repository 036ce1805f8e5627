"""Owns what the entries of a suite ask for: options, trials and workloads; and what a suite has given so far.

It refuses to run anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from parity.reporting.results import Curve, Speed
from parity.spec.suites import SuiteEntry
from parity.trials import selection
from parity.trials.bench_rounds import Sampled
from parity.trials.options import DTYPES
from parity.trials.session import JudgedTrial
from parity.trials.speed import Workload
from parity.trials.trial import Options, Trial
from parity.verbs import bench
from parity.verbs.check import make_trials

CHECKED = ("agreement", "sampling")
"""Tasks whose trials are those of `check`."""


@dataclass
class Outcome:
    """What a suite has given so far. kept: timed processes out of the store. interrupted: while it was timing.
    left: entries that were not begun then."""

    judged: list[JudgedTrial] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    speeds: list[Speed] = field(default_factory=list)
    kept: list[Sampled] = field(default_factory=list)
    interrupted: bool = False
    left: list[str] = field(default_factory=list)


def options(entry: SuiteEntry) -> list[Options]:
    dtypes, size = tuple(entry.dtypes) or DTYPES, entry.size or "small"
    return [
        Options(dtypes=dtypes, device=device, mode=mode, size=size, seed=seed, nodes=entry.nodes, steps=entry.steps)
        for device in entry.devices or ["cpu"]
        for mode in (*entry.modes,) or (None,)
        for seed in entry.seeds
    ]


def agreement_trials(entry: SuiteEntry) -> list[Trial]:
    """The cases of an agreement or sampling entry."""
    selected = selection.select(entry.specs)
    made: list[Trial] = []
    for chosen in options(entry):
        made += make_trials(selected, chosen)
    return made


def timed(entry: SuiteEntry) -> Iterator[tuple[Options, list[Workload]]]:
    """The workloads of a speed entry for each of its options."""
    architectures = selection.select(entry.specs).architectures
    for chosen in options(without_modes(entry)):
        sized = replace(chosen, size=entry.size or "full")
        modes, batch_sizes = entry.modes or ["default"], entry.batch_sizes or [32]
        yield sized, bench.workloads(architectures, sized, modes, batch_sizes, entry.optimizer or bench.OPTIMIZER)


def without_modes(entry: SuiteEntry) -> SuiteEntry:
    """The entry with one set of options for all modes, since bench combines modes with cells itself."""
    return entry.model_copy(update={"modes": []})
