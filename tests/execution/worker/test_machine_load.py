"""What other programs take, from a made-up /proc and /sys: of the worker's CPUs, and of those that share a core or cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from parity.execution.worker import machine_load, timing
from parity.execution.worker.machine_load import CpuPlace, Sample, SystemClock

TICK = 10_000_000


def stat(busy: dict[int, int], cpus: int, steal: dict[int, int] | None = None) -> str:
    """The text of /proc/stat: user time of each CPU in ticks."""
    stolen = steal or {}
    lines = [f"cpu{cpu} {1 + busy.get(cpu, 0)} 0 0 5000 7 0 0 {stolen.get(cpu, 0)} 0 0" for cpu in range(cpus)]
    return "\n".join(["cpu  99999 0 0 0 0 0 0 0 0 0", *lines, "intr 1 2 3", ""])


def topology(root: Path, groups: list[str], cores: list[str]) -> Path:
    """CPUs with a last cache shared by each group, and cores of so many CPUs."""
    for shared, level in ((groups, 3), (cores, 1)):
        for text in shared:
            for cpu in machine_load.listed(text):
                index = root / f"cpu{cpu}" / "cache" / f"index{level}"
                index.mkdir(parents=True, exist_ok=True)
                (index / "level").write_text(f"{level}\n")
                (index / "shared_cpu_list").write_text(f"{text}\n")
                if level == 1:
                    (root / f"cpu{cpu}" / "topology").mkdir(exist_ok=True)
                    (root / f"cpu{cpu}" / "topology" / "thread_siblings_list").write_text(f"{text}\n")
    return root


def test_a_list_of_the_kernel() -> None:
    assert machine_load.listed("0-2,8\n") == (0, 1, 2, 8)
    assert machine_load.listed("") == ()


def test_the_worker_gets_different_cores_and_not_the_first() -> None:
    pairs = {cpu: (cpu, (cpu + 4) % 8) for cpu in range(8)}
    assert machine_load.choose(range(8), 2, pairs.__getitem__) == (6, 7)
    assert machine_load.choose(range(8), 6, pairs.__getitem__) == (2, 3, 4, 5, 6, 7)
    siblings = {0: (0, 1), 1: (0, 1), 2: (2, 3), 3: (2, 3)}
    assert machine_load.choose(range(4), 2, siblings.__getitem__) == (1, 3)
    assert machine_load.choose([5], 2, lambda _: ()) == (5,)


def test_whoever_shares_a_core_or_the_last_cache_is_watched(tmp_path: Path) -> None:
    root = topology(tmp_path, ["0-3", "4-7"], ["0,1", "2,3", "4,5", "6,7"])
    assert machine_load.neighbours(7, root) == (4, 5, 6, 7)
    assert machine_load.neighbours(7, root, cores_alone=True) == (6, 7)
    assert machine_load.neighbours(9, root) == ()


def shares(text_before: str, text_after: str, place: CpuPlace, cpu_ns: int, wall_ns: int) -> timing.Block:
    """A block between two texts of /proc/stat."""
    readings = []
    for text, wall, own in ((text_before, 0, 0), (text_after, wall_ns, cpu_ns)):
        found = machine_load.busy_and_steal(text, place, TICK)
        busy, steal = found or (0, 0)
        readings.append(Sample(wall, own, busy_ns=busy, steal_ns=steal, cores=len(place.own), told=found is not None))
    queue = iter(readings)

    class Read:
        def read(self) -> Sample:
            return next(queue)

    return timing.take_block(lambda: None, lambda: None, Read(), 1)


PLAN = timing.Plan(foreign=0.05, steal=0.03)


@pytest.mark.parametrize(
    ("neighbour", "quiet"), [(63, False), (57, False), (3, True)], ids=["on-its-core", "on-its-cache", "far-away"]
)
def test_a_neighbour_of_one_core_on_sixty_four(neighbour: int, quiet: bool) -> None:
    """By the share of all CPUs each of them would be quiet: 1.6 %."""
    place = CpuPlace(own=(62, 63), watched=tuple(range(56, 64)))
    after = stat({62: 20, 63: 20} | {neighbour: 20 + 20 * (neighbour == 63)}, 64)
    block = shares(stat({}, 64), after, place, cpu_ns=40 * TICK, wall_ns=20 * TICK)
    assert PLAN.quiet(block) is quiet
    assert block.foreign == (0.0 if quiet else 0.5)


def test_what_the_hypervisor_takes_of_the_own_cpus_counts() -> None:
    place = CpuPlace(own=(0, 1), watched=(0, 1))
    block = shares(stat({}, 2), stat({0: 39, 1: 39}, 2, {0: 4}), place, cpu_ns=78 * TICK, wall_ns=40 * TICK)
    assert block.steal == 0.05 and not PLAN.quiet(block)
    assert PLAN.quiet(replace(block, steal=0.03))


@pytest.mark.parametrize("text", ["", "cpu 1 2 3 4 5 6 7 8\n", stat({}, 1), "cpu0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0\n"])
def test_a_system_that_does_not_tell_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "stat").write_text(text)
    assert machine_load.busy_and_steal(text, CpuPlace((0, 1), (0, 1)), TICK) is None
    assert SystemClock(CpuPlace((0, 1), (0, 1)), tmp_path, tmp_path).read().told is False
    assert SystemClock(CpuPlace((0, 1), (0, 1)), tmp_path / "none", tmp_path).read().told is False


@pytest.mark.parametrize(
    ("group", "place", "text", "expected"),
    [
        ("0::/jobs/one\n", "jobs/one", "usage_usec 5\nthrottled_usec 7\n", 7_000),
        ("4:cpu,cpuacct:/x\n1:name=systemd:/\n", "cpu/x", "nr_throttled 1\nthrottled_time 9\n", 9),
        ("0::/\n", "jobs", "throttled_usec 7\n", 0),
    ],
    ids=["cgroups-2", "cgroups-1", "none"],
)
def test_time_that_a_quota_took(tmp_path: Path, group: str, place: str, text: str, expected: int) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "cgroup").write_text(group)
    (tmp_path / "groups" / place).mkdir(parents=True)
    (tmp_path / "groups" / place / "cpu.stat").write_text(text)
    assert SystemClock(CpuPlace((0,), (0,)), tmp_path, tmp_path / "groups").read().throttled_ns == expected


def test_where_it_was_timed_names_the_allocator_and_the_threads(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("model name : A\nmodel name : A\nflags : x\n")
    variables = {"MALLOC_TOP_PAD_": "1", "OMP_NUM_THREADS": "2", "HOME": "/root"}
    found = machine_load.surroundings(variables, CpuPlace((0, 1), (0, 1)), tmp_path)
    assert str(found["processor"]).startswith("A, ")
    assert found["allocator"] == {"MALLOC_TOP_PAD_": "1"} and found["threads"] == {"OMP_NUM_THREADS": "2"}
    assert (found["own_cpus"], found["watched_cpus"]) == ([0, 1], [0, 1])
