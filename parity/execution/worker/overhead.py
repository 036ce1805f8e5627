"""Owns the task `overhead` of a worker: a realization's step against a hand-written one, in turns within one process.

It refuses to time a twin that computes something else: both start from one set of weights, and their first losses are recorded.
It summarizes nothing: every turn is recorded.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from parity.execution import own_path
from parity.execution.protocol import Realization
from parity.execution.worker import tasks, timing
from parity.execution.worker.machine_load import NANO
from parity.execution.worker.speed import slower
from parity.execution.worker.timing import Clock, Plan
from parity.spec.cases import Case

REALIZATION, TWIN, AGAIN = "realization", "twin", "again"
"""The contestants: ours, the hand-written step, and the hand-written step built once more (A/A)."""
TURN_SECONDS = 0.02
"""The least length of a turn: a shorter step is taken several times, so that the clock is no part of it."""
LOSSES = 3
"""Steps on one batch whose losses are recorded before the clock starts."""


class Twin(Protocol):
    """What a twin's function gives. `take` copies the realization's weights; a placed batch is the twin's own."""

    def place(self, batch: Mapping[str, Any]) -> Any: ...

    def step(self, batch: Any) -> Any: ...

    def synchronize(self) -> None: ...

    def take(self, realization: Realization) -> None: ...


@dataclass(frozen=True)
class Contestant:
    """One of those that are timed in turns. batches: its own, placed; count: steps taken so far are cycled through them."""

    step: Callable[[Any], Any]
    synchronize: Callable[[], None]
    batches: Sequence[Any]

    def steps(self) -> Callable[[], Any]:
        turn = itertools.cycle(self.batches)
        return lambda: self.step(next(turn))


def overhead(realization: Realization, case: Case, arrays: tasks.Arrays, clock: Clock, plan: Plan) -> dict[str, Any]:
    """Losses of the first steps, and turns in blocks. case.arguments: `twin`, a target; `best`, whether in its best form."""
    realization.set_parameters(tasks.initial_state(arrays))
    make = own_path.find(str(case.arguments["twin"]))
    settings = (case.spec, case.mode, case.optimizer, dict(case.hyperparameters), bool(case.arguments.get("best")))
    twins: dict[str, Twin] = {name: make(*settings) for name in (TWIN, AGAIN)}
    given = tasks.batches_of(arrays)
    contestants = {REALIZATION: Contestant(realization.step, realization.synchronize, [realization.place(b) for b in given])}
    for name, twin in twins.items():
        twin.take(realization)
        contestants[name] = Contestant(twin.step, twin.synchronize, [twin.place(batch) for batch in given])
    if share := float(case.arguments.get("slowed", 0.0)):  # a control: the twin built once more is slower than it is
        contestants[AGAIN] = _slowed(contestants[AGAIN], share)
    losses = {name: [_number(item.step(item.batches[0])) for _ in range(LOSSES)] for name, item in contestants.items()}
    return {"losses": losses, **alternate(contestants, clock, plan)}


def _slowed(item: Contestant, share: float) -> Contestant:
    def step(batch: Any) -> Any:
        return slower(lambda: item.step(batch), item.synchronize, share)()

    return Contestant(step, item.synchronize, item.batches)


def _number(loss: Any) -> float:
    """A loss as a number; MXNet's is one for each example."""
    if "asnumpy" in dir(loss):
        return float(loss.asnumpy().mean())
    return float(loss)


def alternate(contestants: Mapping[str, Contestant], clock: Clock, plan: Plan) -> dict[str, Any]:
    """Blocks of rounds in which each contestant has one turn, in every order equally often. A block is at least as long as the
    plan says, so that what other programs took can be told of it."""
    names = list(contestants)
    orders = itertools.cycle(itertools.permutations(range(len(names))))
    steps = [item.steps() for item in contestants.values()]

    def timed(place: int, count: int) -> int:
        item = contestants[names[place]]
        item.synchronize()
        start = clock.read().wall_ns
        for _ in range(count):
            steps[place]()
        item.synchronize()
        return clock.read().wall_ns - start

    warm = [timing.warm_up(lambda place=place: timed(place, 1), plan) for place in range(len(names))]  # type: ignore[misc]
    longest = max(statistics.median(times[-timing.FLAT_STEPS :]) for times, _ in warm)
    count = max(1, round(TURN_SECONDS * NANO / max(1, longest)))
    rounds = max(len(names), round(plan.block_seconds * NANO / max(1, longest * count * len(names))))
    blocks: list[dict[str, Any]] = []
    while not _enough(blocks, plan):
        turns: list[list[int]] = []

        def round_of_turns(turns: list[list[int]] = turns) -> None:
            row = [0] * len(names)
            for place in next(orders):
                row[place] = timed(place, count)
            turns.append(row)

        block = timing.take_block(round_of_turns, lambda: None, clock, rounds)
        blocks.append({**vars(block), "turns": turns})
    return {"contestants": names, "steps_a_turn": count, "flat": [flat for _, flat in warm], "blocks": blocks}


def _enough(blocks: Sequence[Mapping[str, Any]], plan: Plan) -> bool:
    """Whether the blocks wanted were quiet, or the time for them is over."""
    quiet = [block for block in blocks if block["foreign"] <= plan.foreign and block["steal"] <= plan.steal]
    spent = sum(block["wall_ns"] for block in blocks)
    return len(quiet) >= plan.blocks or len(blocks) >= plan.attempts or spent >= plan.seconds * NANO
