"""Counts alarms on right results: every small spec, over many seeds, run by the reference in an order that no shadow has.

    python -m tests.tools.false_alarms [--seeds 100] [--first 0] [--dtype float32] [--spec NAME]… [--processes 2] [--nodes]
    python -m tests.tools.false_alarms --initializers [--seeds 1000] [--power 200] [--framework torch] [--spec NAME]…

prints, per spec, comparisons, alarms, redraws, and the greatest share of a budget used; exits 1 if anything is not green.
--initializers: does the same for the judgement of initializers; --power also counts how often it catches wrong draws.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "fakes")]

import initializer_false_alarms as initializers  # noqa: E402
from reference_framework import Implementation  # noqa: E402

from parity.execution.worker.tasks import agreement as observed  # noqa: E402
from parity.judgement.comparison import Comparison  # noqa: E402
from parity.judgement.verdicts import GREEN  # noqa: E402
from parity.spec import specs as language  # noqa: E402
from parity.trials.networks import architecture_trials  # noqa: E402
from parity.trials.trial import Options  # noqa: E402

STEPS = 3


@dataclass(frozen=True)
class Count:
    """The counts of one spec and seed. used: greatest share of a budget; alarms: comparisons that are not green."""

    spec: str
    seed: int
    compared: int
    redraws: int
    used: float
    where: str
    alarms: tuple[Comparison, ...]


def count(spec: str, seed: int, dtype: str = "float32", nodes: bool = False) -> Count:
    """Runs and counts every comparison of one small spec at one seed."""
    architecture, initializer = language.load(f"architectures/{spec}"), language.load("initializers/glorot_uniform")
    optimizer = language.load("optimizers/adam")
    assert isinstance(architecture, language.Architecture) and isinstance(initializer, language.Initializer)
    assert isinstance(optimizer, language.Optimizer)
    options = Options(dtypes=(dtype,), seed=seed, nodes=nodes, steps=STEPS)
    found: list[Comparison] = []
    redraws = 0
    for trial in architecture_trials(architecture, initializer, optimizer, options):
        arrays = observed(Implementation().realize(trial.case), trial.case, trial.arrays)
        found += trial.judge(arrays)
        redraws += trial.redraws
    top = max(found, key=lambda one: one.used or 0.0)
    alarms = tuple(one for one in found if one.verdict not in GREEN)
    return Count(spec, seed, len(found), redraws, top.used or 0.0, f"{top.quantity} {top.tensor}", alarms)


def counts(specs: Sequence[str], seeds: Sequence[int], dtype: str, nodes: bool, processes: int) -> Iterator[Count]:
    with ProcessPoolExecutor(processes) as pool:
        asked = [pool.submit(count, spec, seed, dtype, nodes) for spec in specs for seed in seeds]
        for future in asked:
            yield future.result()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--spec", action="append", default=[])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--nodes", action="store_true")
    parser.add_argument("--initializers", action="store_true")
    parser.add_argument("--power", type=int, default=0)
    parser.add_argument("--framework", default="")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    if given.initializers:
        chosen = given.spec or list(language.names("initializers"))
        return initializers.tell(chosen, seeds, given.dtype, given.processes, given.framework, given.power)
    specs = given.spec or list(language.names("architectures"))
    alarms = 0
    every = list(counts(specs, seeds, given.dtype, given.nodes, given.processes))
    for spec in specs:
        mine = [one for one in every if one.spec == spec]
        top, bad = max(mine, key=lambda one: one.used), [alarm for one in mine for alarm in one.alarms]
        alarms += len(bad)
        compared, redraws = sum(one.compared for one in mine), sum(one.redraws for one in mine)
        used = f"greatest share {top.used:.2f} (seed {top.seed}, {top.where})"
        print(f"{spec:24} {compared:7} comparisons {len(bad):3} alarms {redraws:3} redraws  {used}")  # noqa: T201
        for alarm in bad:
            print("   ", alarm)  # noqa: T201
    return int(alarms > 0)


if __name__ == "__main__":
    sys.exit(main())
