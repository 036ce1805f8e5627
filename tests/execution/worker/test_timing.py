"""Timing with a clock that only moves when a step says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, repeat

import pytest

from parity.execution.worker import timing
from parity.execution.worker.machine_load import NANO, Sample, SystemClock, settle
from parity.execution.worker.timing import Plan

MILLI = 1_000_000


@dataclass
class FakeMachine:
    """Steps are queued and take their time when somebody waits for them. foreign: busy share that others have in a block."""

    times: Iterator[int]
    foreign: Iterator[float] = field(default_factory=lambda: repeat(0.0))
    now: Sample = field(default_factory=lambda: Sample(1_000, cores=2))
    queued: int = 0
    steps: int = 0

    def read(self) -> Sample:
        return self.now

    def step(self) -> None:
        self.steps += 1
        self.queued += next(self.times)

    def synchronize(self) -> None:
        if self.queued:
            others = int(next(self.foreign) * self.queued * self.now.cores)
            self.now = replace(
                self.now,
                wall_ns=self.now.wall_ns + self.queued,
                cpu_ns=self.now.cpu_ns + self.queued,
                busy_ns=self.now.busy_ns + self.queued + others,
                minor_faults=self.now.minor_faults + 7,
            )
            self.queued = 0


PLAN = Plan(foreign=0.05, steal=0.03)


def measured(machine: FakeMachine, plan: Plan = PLAN) -> dict:
    return timing.measure(machine.step, machine.synchronize, machine, plan)


def test_first_and_second_step_stand_apart_and_blocks_are_long_enough() -> None:
    machine = FakeMachine(chain([900 * MILLI, 50 * MILLI], repeat(3 * MILLI)))
    found = measured(machine)
    assert (found["first_step_ns"], found["second_step_ns"]) == (900 * MILLI, 50 * MILLI)
    assert found["warmup"] == {"steps_ns": [3 * MILLI] * 10, "flat": True}
    assert [block["steps"] for block in found["blocks"]] == [67] * 5
    assert all(block["wall_ns"] == 67 * 3 * MILLI for block in found["blocks"])
    assert all(block["minor_faults"] == 7 for block in found["blocks"])


def test_unfinished_work_is_waited_for() -> None:
    """A queue that nobody waits for would show steps of no time at all."""
    found = measured(FakeMachine(repeat(300 * MILLI)))
    assert [block["wall_ns"] for block in found["blocks"]] == [300 * MILLI] * 5


def test_warm_up_goes_on_until_the_slope_is_flat() -> None:
    falling = [100 * MILLI - i * MILLI for i in range(50)]
    found = measured(FakeMachine(chain([1, 1], falling, repeat(50 * MILLI))))
    assert found["warmup"]["flat"]
    assert len(found["warmup"]["steps_ns"]) > 50


def test_a_warm_up_that_never_gets_flat_ends_and_says_so() -> None:
    rising = (i * MILLI for i in range(1, 1_000_000))
    found = measured(FakeMachine(rising), replace(PLAN, warmup_steps=40))
    assert found["warmup"]["flat"] is False
    assert len(found["warmup"]["steps_ns"]) == 40


@pytest.mark.parametrize(("percent", "flat"), [(0, True), (1.5, True), (2.5, False), (-2.5, False), (50, False)])
def test_flat_means_less_than_two_percent_over_ten_steps(percent: float, flat: bool) -> None:
    times = [round(100 * MILLI * (1 + percent / 100 * i / 10)) for i in range(10)]
    assert timing.is_flat(times) is flat
    assert timing.is_flat(times[:9]) is False


def test_a_disturbed_block_is_kept_and_taken_again() -> None:
    quiet_until_blocks = repeat(0.0, 2 + 10)
    machine = FakeMachine(repeat(100 * MILLI), chain(quiet_until_blocks, [0.5, 0.0, 0.06], repeat(0.04)))
    blocks = measured(machine)["blocks"]
    assert [round(block["foreign"], 2) for block in blocks] == [0.5, 0.0, 0.06, 0.04, 0.04, 0.04, 0.04]


def test_a_machine_that_is_never_quiet_ends_the_attempts() -> None:
    blocks = measured(FakeMachine(repeat(100 * MILLI), repeat(0.5)), replace(PLAN, attempts=6))["blocks"]
    assert len(blocks) == 6


def test_a_machine_that_stretches_the_blocks_ends_the_attempts_by_their_time() -> None:
    stretched = chain(repeat(100 * MILLI, 12), repeat(4_000 * MILLI))
    assert len(measured(FakeMachine(stretched, repeat(0.5)), replace(PLAN, blocks=3))["blocks"]) == 4
    slow = measured(FakeMachine(repeat(40_000 * MILLI), repeat(0.5)))["blocks"]
    assert len(slow) == PLAN.blocks


def test_a_machine_that_does_not_tell_of_others_is_never_quiet() -> None:
    """Without /proc/stat a busy neighbour and none look alike: nothing may count as quiet."""
    machine = FakeMachine(repeat(100 * MILLI))
    machine.now = replace(machine.now, told=False)
    blocks = measured(machine)["blocks"]
    assert [block["foreign"] for block in blocks] == [1.0] * PLAN.attempts


def test_time_that_a_quota_took_is_no_quiet_time() -> None:
    class Throttled(FakeMachine):
        def synchronize(self) -> None:
            before = self.now.wall_ns
            super().synchronize()
            self.now = replace(self.now, throttled_ns=self.now.throttled_ns + (self.now.wall_ns - before) // 20)

    blocks = measured(Throttled(repeat(100 * MILLI)))["blocks"]
    assert len(blocks) == PLAN.attempts and {block["throttled"] for block in blocks} == {0.05}


def test_a_plan_says_what_counts_as_quiet() -> None:
    assert Plan.of({"foreign": 0.1, "steal": 0.2, "blocks": 3, "other": 1}, 7) == Plan(0.1, 0.2, blocks=3, steps=7)
    with pytest.raises(ValueError, match="foreign and steal are missing"):
        Plan.of({}, 0)


def test_too_short_blocks_are_set_apart_and_made_longer() -> None:
    machine = FakeMachine(chain(repeat(20 * MILLI, 12), repeat(5 * MILLI)))
    found = measured(machine)
    assert [block["steps"] for block in found["short_blocks"]] == [10]
    assert all(block["wall_ns"] >= 0.2 * NANO for block in found["blocks"])


def test_as_many_steps_are_timed_as_asked() -> None:
    blocks = measured(FakeMachine(repeat(100 * MILLI)), replace(PLAN, steps=15))["blocks"]
    assert sum(block["steps"] for block in blocks) >= 15


def test_an_injected_slowdown_shows_in_full() -> None:
    def per_step(step: int) -> float:
        blocks = measured(FakeMachine(repeat(step)))["blocks"]
        return sum(block["wall_ns"] for block in blocks) / sum(block["steps"] for block in blocks)

    assert per_step(1_020_000) / per_step(1_000_000) == pytest.approx(1.02)


def test_the_clock_of_this_machine_moves_forward() -> None:
    clock = SystemClock(settle(2))
    before = clock.read()
    work: Callable[[], int] = lambda: sum(range(100_000))  # noqa: E731
    work()
    after = clock.read()
    assert after.wall_ns > before.wall_ns
    assert after.busy_ns >= before.busy_ns > 0
    assert after.rss_bytes > 1_000_000
