"""Turns of a realization and a twin in one process: every order, the clock around the steps alone, and enough blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference_framework

from parity.execution import own_path
from parity.execution.worker import overhead
from parity.execution.worker.machine_load import Sample
from parity.execution.worker.overhead import Contestant, alternate
from parity.execution.worker.timing import Plan
from parity.spec.cases import Case
from parity.trials.probes import optimizer_draws, optimizer_probe

MILLISECOND = 1_000_000
PLAN = Plan(foreign=0.05, steal=0.03, blocks=4, attempts=5, warmup_steps=20)
TWINS = """
class Twin:
    def __init__(self, *settings): self.settings, self.taken = settings, 0.0
    def place(self, batch): return sorted(batch)
    def step(self, batch): return 0.25 + self.taken
    def synchronize(self): pass
    def take(self, realization): self.taken = float(sum(array.sum() for array in realization.parameters().values()))
def twin(*settings): return Twin(*settings)
"""


@dataclass
class Clock:
    """Steps move it on. foreign: the share of two CPUs that others take meanwhile."""

    foreign: float = 0.0
    now: Sample = field(default_factory=lambda: Sample(1, busy_ns=1, cores=2))

    def read(self) -> Sample:
        return self.now

    def passes(self, milliseconds: float) -> None:
        took = int(milliseconds * MILLISECOND)
        busy = int(took + 2 * self.foreign * took)
        self.now = replace(
            self.now, wall_ns=self.now.wall_ns + took, cpu_ns=self.now.cpu_ns + took, busy_ns=self.now.busy_ns + busy
        )


def contestants(clock: Clock, order: list[str]) -> dict[str, Contestant]:
    def of(name: str, milliseconds: float) -> Contestant:
        def step(_: Any) -> None:
            order.append(name)
            clock.passes(milliseconds)

        return Contestant(step, lambda: None, ["batch"])

    return {"realization": of("realization", 31), "twin": of("twin", 30), "again": of("again", 30)}


def test_turns_are_the_times_of_the_steps_in_every_order() -> None:
    order: list[str] = []
    clock = Clock()
    found = alternate(contestants(clock, order), clock, PLAN)
    assert len(found["blocks"]) == PLAN.blocks and found["steps_a_turn"] == 1
    turns = [row for block in found["blocks"] for row in block["turns"]]
    assert {tuple(row) for row in turns} == {(31 * MILLISECOND, 30 * MILLISECOND, 30 * MILLISECOND)}
    rounds = [tuple(order[place : place + 3]) for place in range(30, len(order), 3)]  # behind ten steps each of warm-up
    counts = Counter(rounds[: len(rounds) - len(rounds) % 6])
    assert len(counts) == 6 and len(set(counts.values())) == 1
    assert all(block["wall_ns"] >= PLAN.block_seconds * 1e9 and not block["foreign"] for block in found["blocks"])


def test_a_short_step_is_taken_several_times_a_turn() -> None:
    clock = Clock()
    made = {name: Contestant(lambda _: clock.passes(1), lambda: None, [0]) for name in ("realization", "twin", "again")}
    found = alternate(made, clock, PLAN)
    assert found["steps_a_turn"] == 20 and found["blocks"][0]["turns"][0] == [20 * MILLISECOND] * 3


def test_disturbed_blocks_are_taken_again_up_to_the_plans_attempts() -> None:
    clock = Clock(foreign=0.4)
    found = alternate(contestants(clock, []), clock, PLAN)
    assert len(found["blocks"]) == PLAN.attempts and all(block["foreign"] > 0.3 for block in found["blocks"])


@pytest.fixture
def twins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    def made(name: str) -> str:
        (tmp_path / f"{name}.py").write_text(TWINS)
        monkeypatch.setenv(own_path.VARIABLE, str(tmp_path))
        monkeypatch.syspath_prepend(str(tmp_path))
        return f"{name}:twin"

    return made


def test_twins_take_the_realizations_weights_and_tell_their_losses(twins: Callable[[str], str]) -> None:
    graph = optimizer_probe()
    case = Case("probe", "overhead", "float64", optimizer="sgd", graph=graph, hyperparameters={"learning_rate": 0.5})
    case = replace(case, arguments={"twin": twins("some_twins"), "foreign": 1.0, "steal": 1.0})
    arrays = optimizer_draws(graph, "float64", 0, 2).arrays
    clock = Clock()
    realization = reference_framework.Realized(case)
    plain = realization.step

    def step(batch: Any) -> float:
        clock.passes(30)
        return plain(batch)

    realization.step = step  # type: ignore[method-assign]
    own, seen = overhead.Contestant, []

    def noting(step: Any, synchronize: Any, batches: Any) -> Contestant:
        seen.append(batches)
        return own(lambda batch: (clock.passes(1), step(batch))[1], synchronize, batches)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(overhead, "Contestant", noting)
        found = overhead.overhead(realization, case, arrays, clock, PLAN)
    total = sum(float(np.sum(array)) for name, array in arrays.items() if name.startswith("parameter/"))
    assert found["losses"]["twin"] == found["losses"]["again"] == pytest.approx([0.25 + total] * 3)
    assert len(found["losses"]["realization"]) == 3 and found["contestants"] == ["realization", "twin", "again"]
    assert all(len(batches) == 2 for batches in seen)


def test_a_twin_that_is_not_there_is_named(twins: Callable[[str], str]) -> None:
    twins("other_twins")
    graph = optimizer_probe()
    case = Case("probe", "overhead", "float64", optimizer="sgd", graph=graph, arguments={"twin": "other_twins:twins"})
    with pytest.raises(Exception, match="has no `twins`; did you mean `twin`"):
        overhead.overhead(
            reference_framework.Realized(case), case, optimizer_draws(graph, "float64", 0, 1).arrays, Clock(), PLAN
        )
