"""Counts alarms of the judgement of initializers on right draws and on wrong draws: `false_alarms --initializers`.

It refuses to count seeds twice: a case draws four consecutive seeds, so seed k of a run starts at 4·k. Right draws are NumPy's,
of the claimed distribution, or, with a framework, the framework's own. Each seed takes the next shape in turn.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from reference_framework import Implementation

from parity.execution.worker.tasks import sampling as observed
from parity.judgement import budgets, sampling
from parity.judgement.comparison import Comparison
from parity.judgement.verdicts import GREEN
from parity.reference_impl.distributions import claim
from parity.spec import specs as language
from parity.spec.cases import Case
from parity.trials.rules import DRAWN, initializer_trials, samplings
from parity.trials.session import Session
from parity.trials.trial import Options, Trial

FACTORS = (0.95, 0.97, 0.99, 1.01, 1.03, 1.05)
"""Factors of wrong scales (a limit, a standard deviation, a gain) for which the share of alarms is printed."""


@dataclass(frozen=True)
class Count:
    """The counts of one initializer over seeds. alarmed: cases with an alarm. used: the others' greatest share of a budget."""

    spec: str
    cases: int
    compared: int
    alarms: tuple[Comparison, ...]
    alarmed: int
    used: float


class Wrong(Implementation):
    """An implementation that draws with a wrong scale, or with exchanged fans."""

    def __init__(self, factor: float, exchanged: bool) -> None:
        self.factor, self.exchanged = factor, exchanged

    def asked(self, case: Case) -> Case:
        assert case.sampling is not None
        given = case.sampling
        return replace(case, sampling=replace(given, fan_in=given.fan_out, fan_out=given.fan_in)) if self.exchanged else case

    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
        return super().drawn(kind, scale * self.factor, shape, numbers)


def loaded(name: str) -> language.Initializer:
    spec = language.load(f"initializers/{name}")
    assert isinstance(spec, language.Initializer)
    return spec


def count(name: str, seeds: Sequence[int], dtype: str, factor: float = 1.0, exchanged: bool = False, shape: str = "") -> Count:
    """Counts NumPy's draws. shape: the only shape to draw; empty for all."""
    spec, framework = loaded(name), Wrong(factor, exchanged)
    shapes = list(samplings(spec))
    found = []
    for place, seed in enumerate(seeds):
        asked = samplings(spec)[shape or shapes[place % len(shapes)]]
        arguments = {key: float(value) for key, value in spec.arguments.items()}
        case = Case(name, "sampling", dtype, initializer=name, arguments=arguments, sampling=asked, seed=DRAWN * seed)
        found.append(sampling.judge(case, spec)(observed(framework, case)))
    return counted(name, found)


def counted(name: str, found: Sequence[Sequence[Comparison]]) -> Count:
    every = [one for case in found for one in case]
    alarms = tuple(one for one in every if one.verdict not in GREEN)
    alarmed = sum(any(one.verdict not in GREEN for one in case) for case in found)
    return Count(name, len(found), len(every), alarms, alarmed, max((one.used or 0.0 for one in every), default=0.0))


def counts(names: Sequence[str], seeds: Sequence[int], dtype: str, processes: int) -> Iterator[Count]:
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(count, names, [seeds] * len(names), [dtype] * len(names))


def natively(framework: str, names: Sequence[str], seeds: Iterable[int], dtype: str) -> Iterator[Count]:
    """Counts a framework's own draws, of every shape at every seed, in one process."""
    kept: dict[str, list[Trial]] = {name: [] for name in names}
    for name in names:
        for seed in seeds:
            kept[name] += initializer_trials(loaded(name), Options(dtypes=(dtype,), seed=DRAWN * seed))
    with tempfile.TemporaryDirectory() as store:
        judged = Session(Path(store), [framework]).run([trial for trials in kept.values() for trial in trials])
    for name in names:
        yield counted(name, [one.comparisons for one in judged if one.trial.case.initializer == name])


def tell(names: Sequence[str], seeds: Sequence[int], dtype: str, processes: int, framework: str, power: int) -> int:
    """Prints a line per initializer, then the wrong draws that the judgement catches. Gives 1 if a right draw alarmed."""
    print(f"level of one test {budgets.FALSE_ALARM:g}, {len(seeds)} seeds, {framework or 'NumPy'} in {dtype}")  # noqa: T201
    alarms = 0
    found = natively(framework, names, seeds, dtype) if framework else counts(names, seeds, dtype, processes)
    for one in found:
        alarms += len(one.alarms)
        line = f"{one.spec:20} {one.cases:6} cases {one.compared:7} tests {len(one.alarms):3} alarms"
        print(f"{line}  greatest share {one.used:.2f}", flush=True)  # noqa: T201
        for alarm in one.alarms:
            print("   ", alarm)  # noqa: T201
    print(f"{alarms} false alarms")  # noqa: T201
    if power:
        _tell_power(names, range(power), dtype, processes)
    return int(alarms > 0)


def _tell_power(names: Sequence[str], seeds: Sequence[int], dtype: str, processes: int) -> None:
    """Prints the share of seeds at which a matrix of wrong draws is caught; `other fan`: fan_in 53 and fan_out 61 exchanged."""
    print(f"caught, of {len(seeds)} seeds of a 61 by 53 matrix, where the scale is off by a factor, or the fan is the other")  # noqa: T201
    with ProcessPoolExecutor(processes) as pool:
        for name in names:
            if loaded(name).distribution == "constant" and not loaded(name).arguments:
                continue  # zeros and ones have no scale
            asked = [pool.submit(count, name, seeds, dtype, factor, False, "dense") for factor in FACTORS]
            shares = [f"{factor}: {_share(one.result()):6.1%}" for factor, one in zip(FACTORS, asked, strict=True)]
            told = "  ".join(shares)
            if told_apart(name):
                told += f"  other fan: {_share(count(name, seeds, dtype, 1.0, True, 'dense')):6.1%}"
            print(f"{name:20} {told}", flush=True)  # noqa: T201


def told_apart(name: str) -> bool:
    """Whether the initializer's scale depends on which fan is fan_in; Glorot's does not."""
    spec, asked = loaded(name), samplings(loaded(name))["dense"]
    other = replace(asked, fan_in=asked.fan_out, fan_out=asked.fan_in)
    return claim(spec, spec.arguments, asked).scale != claim(spec, spec.arguments, other).scale


def _share(one: Count) -> float:
    return one.alarmed / one.cases
