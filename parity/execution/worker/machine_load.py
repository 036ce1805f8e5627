"""Owns the readings of the machine around a timed block: time, own CPU time, page faults, memory, and what other programs took.

It refuses to call a machine quiet that does not tell: without /proc/stat a sample says so, and its block counts as disturbed.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NANO = 1_000_000_000
PROC, CPUS, CGROUPS = Path("/proc"), Path("/sys/devices/system/cpu"), Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Sample:
    """Readings at one moment, all but cores and told counted up from some beginning.

    cpu_ns, minor_faults: of this process and its waited-for children. busy_ns: of all programs on the CPUs that are watched.
    steal_ns: what the hypervisor took of the worker's CPUs. throttled_ns: how long a quota held the worker's group back.
    cores: how many CPUs the worker may use at once. told: whether the system tells what other programs take.
    """

    wall_ns: int
    cpu_ns: int = 0
    minor_faults: int = 0
    rss_bytes: int = 0
    busy_ns: int = 0
    steal_ns: int = 0
    throttled_ns: int = 0
    cores: int = 1
    told: bool = True


@dataclass(frozen=True)
class CpuPlace:
    """Which CPUs the worker runs on, and which are watched: those, and all that share a core or the last cache with them.

    A program on a CPU that shares neither cannot take the worker's time, whatever the share of a large machine it has.
    """

    own: tuple[int, ...]
    watched: tuple[int, ...]


def choose(allowed: Iterable[int], threads: int, siblings: Callable[[int], Sequence[int]]) -> tuple[int, ...]:
    """As many CPUs as the worker has threads, of different cores as far as they reach, the highest numbers first: the kernel
    and interrupts prefer the low ones. siblings: the CPUs that share a core with one."""
    free = sorted(allowed, reverse=True)
    first = [cpu for cpu in free if cpu == max(set(siblings(cpu)) & set(free), default=cpu)]
    ordered = [*first, *(cpu for cpu in free if cpu not in first)]
    return tuple(sorted(ordered[:threads]))


def settle(threads: int, root: Path = CPUS) -> CpuPlace:
    """Keeps every thread of this process on as many CPUs as it has threads. Where the system has no such call, or tells nothing
    of its CPUs, every CPU is watched."""
    every = tuple(range(os.cpu_count() or 1))
    if "sched_setaffinity" not in dir(os):
        return CpuPlace(every[:threads], every)
    own = choose(os.sched_getaffinity(0), threads, lambda cpu: neighbours(cpu, root, cores_alone=True))
    for task in _tasks():
        os.sched_setaffinity(task, own)
    return CpuPlace(own, tuple(sorted({cpu for mine in own for cpu in neighbours(mine, root) or every})))


def neighbours(cpu: int, root: Path = CPUS, cores_alone: bool = False) -> tuple[int, ...]:
    """The CPUs, itself among them, that share a core with a CPU, or (not cores_alone) its last cache. Empty where the system
    does not tell."""
    place = root / f"cpu{cpu}"
    caches = (
        [] if cores_alone else sorted((place / "cache").glob("index*/shared_cpu_list"), key=lambda file: _level(file.parent))
    )
    cpus: set[int] = set()
    for file in (place / "topology" / "thread_siblings_list", *caches[-1:]):
        if file.is_file():
            cpus |= set(listed(file.read_text()))
    return tuple(sorted(cpus)) if cpus and (caches or cores_alone) else ()


def listed(text: str) -> tuple[int, ...]:
    """The numbers of a kernel's list: `0-2,8` is 0, 1, 2 and 8."""
    ends = [part.partition("-") for part in text.strip().split(",") if part]
    return tuple(cpu for first, _, last in ends for cpu in range(int(first), int(last or first) + 1))


def busy_and_steal(stat: str, place: CpuPlace, tick: int) -> tuple[int, int] | None:
    """(busy time of the watched CPUs, stolen time of the own ones) in ns since boot, from the text of /proc/stat; None where a
    CPU is missing in there. tick: nanoseconds of one unit."""
    times: dict[str, tuple[int, int]] = {}
    for line in stat.splitlines():
        name, *counts = line.split()
        if name.startswith("cpu") and name != "cpu" and len(counts) >= 8:
            user, nice, system, _, _, irq, softirq, steal = (int(count) for count in counts[:8])
            times[name] = user + nice + system + irq + softirq, steal
    wanted = {f"cpu{cpu}" for cpu in (*place.own, *place.watched)}
    if not wanted <= times.keys() or not any(busy for busy, _ in times.values()):
        return None
    return tick * sum(times[f"cpu{cpu}"][0] for cpu in place.watched), tick * sum(times[f"cpu{cpu}"][1] for cpu in place.own)


@dataclass(frozen=True)
class SystemClock:
    """The clock of a Linux machine. Elsewhere it has times alone, and says that it cannot tell of other programs."""

    place: CpuPlace
    proc: Path = PROC
    cgroups: Path = CGROUPS

    def read(self) -> Sample:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
        stat = self.proc / "stat"
        counters = None
        if stat.is_file():
            counters = busy_and_steal(stat.read_text(), self.place, NANO // os.sysconf("SC_CLK_TCK"))
        busy, steal = counters or (0, 0)
        return Sample(
            wall_ns=time.perf_counter_ns(),
            cpu_ns=int(cpu * NANO),
            minor_faults=own.ru_minflt,
            rss_bytes=self._resident_bytes(),
            busy_ns=busy,
            steal_ns=steal,
            throttled_ns=self._throttled(),
            cores=len(self.place.own),
            told=counters is not None,
        )

    def _resident_bytes(self) -> int:
        path = self.proc / "self" / "statm"
        return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if path.is_file() else 0

    def _throttled(self) -> int:
        """How long a CPU quota held this process's group back: of cgroups 2, or of 1; 0 where there is none."""
        path = self.proc / "self" / "cgroup"
        groups = path.read_text().splitlines() if path.is_file() else []
        for _, kinds, group in (line.split(":", 2) for line in groups if line.count(":") >= 2):
            own = group.strip("/")
            if not kinds:
                files = [self.cgroups / own / "cpu.stat", self.cgroups / "cpu.stat"]
            elif "cpu" in kinds.split(","):
                files = [self.cgroups / "cpu" / own / "cpu.stat", self.cgroups / "cpu" / "cpu.stat"]
            else:
                continue
            for file in files:
                if file.is_file():
                    return throttled_ns(file.read_text())
        return 0


def throttled_ns(text: str) -> int:
    """The time of a group's cpu.stat: microseconds in cgroups 2, nanoseconds in 1."""
    words = [line.split() for line in text.splitlines()]
    counts = {line[0]: int(line[1]) for line in words if len(line) == 2 and line[1].isdigit()}
    return counts.get("throttled_time", 1000 * counts.get("throttled_usec", 0))


def surroundings(variables: Mapping[str, str], place: CpuPlace, proc: Path = PROC) -> dict[str, object]:
    """Where and with what a process is timed: the processor, its CPUs, and how the memory allocator and threads are pinned."""
    info = proc / "cpuinfo"
    lines = info.read_text().splitlines() if info.is_file() else []
    names = sorted({line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")})
    pinned = {name: value for name, value in sorted(variables.items()) if name.startswith("MALLOC_")}
    threads = {name: value for name, value in sorted(variables.items()) if name.endswith("_THREADS") and len(value) < 10}
    return {
        "processor": f"{', '.join(names) or 'unknown'}, {os.cpu_count()} CPUs",
        "system": f"{os.uname().sysname} {os.uname().release}",
        "own_cpus": list(place.own),
        "watched_cpus": list(place.watched),
        "allocator": pinned,
        "threads": threads,
    }


def _level(index: Path) -> int:
    level = index / "level"
    return int(level.read_text()) if level.is_file() else 0


def _tasks() -> list[int]:
    """Every thread of this process: NumPy's library has some of its own before a framework is imported."""
    folder = PROC / "self" / "task"
    return [int(path.name) for path in folder.iterdir()] if folder.is_dir() else [0]
