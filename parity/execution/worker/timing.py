"""Owns timing: a warm-up until times are flat, blocks of steps between two synchronizations, and the machine's other load.

It refuses to summarize: it gives every sample raw. The clock is an argument, so that tests need no time.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

NANO = 1_000_000_000
FLAT_STEPS, FLAT_SLOPE = 10, 0.02
FOREIGN_LIMIT, STEAL_LIMIT = 0.05, 0.03


@dataclass(frozen=True)
class Sample:
    """Readings at one moment. cpu_ns, minor_faults: of this process and its ended children since their start. busy_ns,
    steal_ns: of all the machine's CPUs since boot (0 if the system does not tell)."""

    wall_ns: int
    cpu_ns: int = 0
    minor_faults: int = 0
    rss_bytes: int = 0
    busy_ns: int = 0
    steal_ns: int = 0
    cpus: int = 1


class Clock(Protocol):
    """The readings that timing needs from the machine."""

    def read(self) -> Sample:
        """The readings now."""


@dataclass(frozen=True)
class Block:
    """Some steps between two synchronizations. foreign, steal: the shares of the machine's CPU time that other processes and
    other virtual machines took."""

    steps: int
    wall_ns: int
    cpu_ns: int
    minor_faults: int
    rss_bytes: int
    foreign: float
    steal: float
    started_ns: int

    @property
    def quiet(self) -> bool:
        return self.foreign <= FOREIGN_LIMIT and self.steal <= STEAL_LIMIT


@dataclass(frozen=True)
class Plan:
    """How much to measure. blocks, steps: number of quiet blocks, and of steps in them, at least; attempts: number of blocks at
    most; block_seconds: duration of a block; warmup_steps, warmup_seconds: the end of a warm-up that never gets flat."""

    blocks: int = 5
    steps: int = 0
    attempts: int = 15
    block_seconds: float = 0.2
    warmup_steps: int = 500
    warmup_seconds: float = 20.0


class SystemClock:
    """The clock of a Linux machine. On other systems the readings of /proc are 0."""

    def read(self) -> Sample:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
        busy, steal = _machine()
        cpus = os.cpu_count() or 1
        return Sample(time.perf_counter_ns(), int(cpu * NANO), own.ru_minflt, _resident_bytes(), busy, steal, cpus)


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
    while len(blocks) < plan.attempts and not enough(blocks, plan):
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


def enough(blocks: Sequence[Block], plan: Plan) -> bool:
    """Whether the blocks hold as many quiet blocks and steps as the plan wants."""
    quiet = [block for block in blocks if block.quiet]
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
    capacity = max(1, wall * after.cpus)
    return Block(
        steps=steps,
        wall_ns=wall,
        cpu_ns=cpu,
        minor_faults=after.minor_faults - before.minor_faults,
        rss_bytes=after.rss_bytes,
        foreign=max(0.0, (after.busy_ns - before.busy_ns - cpu) / capacity) if after.busy_ns else 0.0,
        steal=(after.steal_ns - before.steal_ns) / capacity,
        started_ns=before.wall_ns,
    )


def _machine() -> tuple[int, int]:
    """Busy and stolen CPU time in ns since boot, from the first line of /proc/stat."""
    path = Path("/proc/stat")
    if not path.exists():
        return 0, 0
    user, nice, system, _, _, irq, softirq, steal = (int(part) for part in path.read_text().split("\n", 1)[0].split()[1:9])
    tick = NANO // os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) * tick, steal * tick


def _resident_bytes() -> int:
    path = Path("/proc/self/statm")
    return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if path.exists() else 0
