"""Owns timing: a warm-up until times are flat, blocks of steps between two synchronizations, and the machine's other load.

It refuses to summarize: it gives every sample raw. The clock is an argument, so that tests need no time.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol

from parity.execution.worker.machine_load import NANO, Sample

FLAT_STEPS, FLAT_SLOPE = 10, 0.02


class Clock(Protocol):
    """The readings that timing needs from the machine."""

    def read(self) -> Sample:
        """The readings now."""


@dataclass(frozen=True)
class Block:
    """Some steps between two synchronizations.

    foreign: the CPU time of other programs on the watched CPUs, as a share of what the worker could have used. steal: the same
    of the hypervisor. throttled: the share of the time in which a quota held the worker back. A machine that does not tell of
    other programs counts as all theirs: foreign is 1.
    """

    steps: int
    wall_ns: int
    cpu_ns: int
    minor_faults: int
    rss_bytes: int
    foreign: float
    steal: float
    throttled: float
    started_ns: int


@dataclass(frozen=True)
class Plan:
    """How much to measure, and what counts as quiet.

    blocks, steps: quiet ones wanted, at least. attempts: blocks at most, but no more than `blocks` once they
    took so many seconds. block_seconds: the least length of a block.
    warmup_steps, warmup_seconds: where a warm-up ends that never gets flat. foreign, steal: the greatest shares of a quiet
    block (parity.judgement.budgets has them; steal bounds the time that a quota took as well).
    """

    foreign: float
    steal: float
    blocks: int = 5
    steps: int = 0
    attempts: int = 15
    block_seconds: float = 0.2
    seconds: float = 30.0
    warmup_steps: int = 500
    warmup_seconds: float = 20.0

    @staticmethod
    def of(arguments: Mapping[str, Any], steps: int) -> Plan:
        """From the arguments of a case. Raises ValueError where the limits of a quiet block are missing."""
        names = {item.name for item in fields(Plan)}
        if missing := {"foreign", "steal"} - arguments.keys():
            raise ValueError(f"a speed case says what counts as quiet; {' and '.join(sorted(missing))} are missing")
        return Plan(**{**{name: value for name, value in arguments.items() if name in names}, "steps": steps})

    def quiet(self, block: Block) -> bool:
        """Whether nobody else took the worker's CPUs while a block ran."""
        return block.foreign <= self.foreign and block.steal <= self.steal and block.throttled <= self.steal


def measure(step: Callable[[], Any], synchronize: Callable[[], None], clock: Clock, plan: Plan) -> dict[str, Any]:
    """Times the first and the second step on their own, warms up, and takes blocks until enough of them were quiet."""

    def once() -> int:
        start = clock.read().wall_ns
        step()
        synchronize()
        return clock.read().wall_ns - start

    first, second = once(), once()
    warmup, flat = warm_up(once, plan)
    steps = max(1, round(plan.block_seconds * NANO / max(1, statistics.median(warmup[-FLAT_STEPS:]))))
    blocks: list[Block] = []
    short: list[Block] = []
    while not enough(blocks, plan) and not exhausted(blocks, plan):
        block = take_block(step, synchronize, clock, steps)
        if block.wall_ns < plan.block_seconds * NANO and len(short) < plan.attempts:
            short.append(block)
            steps = max(steps + 1, round(steps * 1.1 * plan.block_seconds * NANO / max(1, block.wall_ns)))
        else:
            blocks.append(block)
    return {
        "first_step_ns": first,
        "second_step_ns": second,
        "warmup": {"steps_ns": warmup, "flat": flat},
        "blocks": [asdict(block) for block in blocks],
        "short_blocks": [asdict(block) for block in short],
    }


def exhausted(blocks: Sequence[Block], plan: Plan) -> bool:
    """Whether no further block is tried: a neighbour stretches a block of 0.2 s to many."""
    spent = sum(block.wall_ns for block in blocks)
    return len(blocks) >= plan.attempts or (len(blocks) >= plan.blocks and spent >= plan.seconds * NANO)


def enough(blocks: Sequence[Block], plan: Plan) -> bool:
    """Whether as many quiet blocks and steps were taken as the plan wants."""
    quiet = [block for block in blocks if plan.quiet(block)]
    return len(quiet) >= plan.blocks and sum(block.steps for block in quiet) >= plan.steps


def warm_up(once: Callable[[], int], plan: Plan) -> tuple[list[int], bool]:
    """Runs steps until their times are flat, or up to a limit of the plan. Gives the times in ns, and whether they got flat."""
    times: list[int] = []
    while len(times) < plan.warmup_steps and sum(times) < plan.warmup_seconds * NANO:
        times.append(once())
        if is_flat(times):
            return times, True
    return times, False


def is_flat(times: Sequence[int]) -> bool:
    """Whether the last 10 steps changed by less than 2 % along their least-squares line."""
    last = times[-FLAT_STEPS:]
    if len(last) < FLAT_STEPS:
        return False
    middle, mean = (FLAT_STEPS - 1) / 2, statistics.fmean(last)
    slope = sum((i - middle) * (value - mean) for i, value in enumerate(last))
    slope /= sum((i - middle) ** 2 for i in range(FLAT_STEPS))
    return abs(slope) * FLAT_STEPS < FLAT_SLOPE * mean


def take_block(step: Callable[[], Any], synchronize: Callable[[], None], clock: Clock, steps: int) -> Block:
    """A block of steps without a fetch between them. The device's queue is empty before and after."""
    synchronize()
    before = clock.read()
    for _ in range(steps):
        step()
    synchronize()
    after = clock.read()
    wall, cpu = after.wall_ns - before.wall_ns, after.cpu_ns - before.cpu_ns
    capacity = max(1, wall * after.cores)
    others = (after.busy_ns - before.busy_ns - cpu) / capacity
    return Block(
        steps=steps,
        wall_ns=wall,
        cpu_ns=cpu,
        minor_faults=after.minor_faults - before.minor_faults,
        rss_bytes=after.rss_bytes,
        foreign=max(0.0, others) if before.told and after.told else 1.0,
        steal=(after.steal_ns - before.steal_ns) / capacity,
        throttled=(after.throttled_ns - before.throttled_ns) / max(1, wall),
        started_ns=before.wall_ns,
    )
