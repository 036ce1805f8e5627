"""SIGKILL at 200 random moments, to the harness or to its worker: nothing acknowledged is lost or doubled, nobody is left.

The moments are seeded; whatever they hit, the run must come out whole. About two minutes on two cores.
    python -m pytest tests/execution/launcher/test_kills.py
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from requests_for_fakes import write

import parity
from parity.execution import arrays as array_files
from parity.execution import records
from parity.execution.launcher import launching
from parity.execution.launcher.worker_process import POLL_SECONDS

RUNS, KILLS = 10, 20
CASES = 150
LONGEST = 0.6


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(RUNS))
def test_runs_killed_at_random_moments_come_out_whole(tmp_path: Path, fakes: Path, seed: int) -> None:
    chance, kills = random.Random(seed), 0  # noqa: S311  moments, not secrets
    while kills < KILLS:
        kills += killed_run(tmp_path / str(kills), fakes, chance, KILLS - kills)
    assert kills == KILLS


def killed_run(place: Path, fakes: Path, chance: random.Random, kills: int) -> int:
    """A run that is killed until it is complete, or so many times; it is then completed and looked at. How many times."""
    asked, out = write(place / "request", "Slow", CASES), place / "out"
    command = [sys.executable, str(fakes / "launch_and_tell.py"), str(asked.directory), str(out), str(fakes)]
    acknowledged: set[str] = set()
    done = 0
    while done < kills and len(acknowledged) < CASES:
        done += 1
        with harness(command) as process:
            acknowledged |= told_within(process, chance.uniform(0, LONGEST))
            victims = [process.pid] if chance.random() < 0.5 else workers(out)
            for victim in victims:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
            acknowledged |= told_within(process, None if process.pid in victims else chance.uniform(0, LONGEST / 2))
    with harness(command) as process:
        acknowledged |= told_within(process, None)
        assert process.wait() == 0
    check_whole(out, {entry.key for entry in asked.entries}, acknowledged)
    return done


def check_whole(out: Path, keys: set[str], acknowledged: set[str]) -> None:
    """Every key ran once, all of them were acknowledged, their arrays are sound, no process is left."""
    reading = records.read(out)
    ran = Counter(record.key for record in reading.records if record.outcome == "ran")
    assert ran == dict.fromkeys(keys, 1)
    assert acknowledged == keys
    assert {record.outcome for record in reading.records} <= {"ran", "crashed"}
    for record in reading.records:
        if record.arrays is not None:
            array_files.load(out, record.arrays)
    assert family(out) == []


@pytest.mark.parametrize("victim", ["harness", "worker"])
def test_a_killed_process_takes_everything_with_it(tmp_path: Path, fakes: Path, victim: str) -> None:
    """The worker hangs, and has a child in a session of its own. Whoever holds the lock afterwards is alone."""
    asked, out = write(tmp_path / "request", "LeavesOrphanAndHangs", 2), tmp_path / "out"
    command = [sys.executable, str(fakes / "launch_and_tell.py"), str(asked.directory), str(out), str(fakes)]
    with harness(command) as process:
        while not (out / "orphan").exists() or not (out / "orphan").read_text():
            told_within(process, POLL_SECONDS)
        orphan = int((out / "orphan").read_text())
        assert orphan in [pid for pid, _ in running()]
        for killed in [process.pid] if victim == "harness" else workers(out):
            os.kill(killed, signal.SIGKILL)
        process.wait()
    with launching.only_writer(out):
        assert family(out) == []
        assert orphan not in [pid for pid, _ in running()]


@contextlib.contextmanager
def harness(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The harness to be killed. It has ended when this ends; what it started may still be on its way out."""
    path = str(Path(parity.__file__).resolve().parent.parent)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}) as process:
        yield process
        process.kill()


def told_within(process: subprocess.Popen[bytes], seconds: float | None) -> set[str]:
    """Keys that the harness told as `ran`, until it ends or for some time. A line cut off by the kill was not told."""
    assert process.stdout is not None
    data = b""
    end = None if seconds is None else time.monotonic() + seconds
    while select.select([process.stdout], [], [], end and max(0.0, end - time.monotonic()))[0]:
        more = os.read(process.stdout.fileno(), 1 << 16)
        if not more:
            break
        data += more
    lines = data.decode().split("\n")[:-1]
    return {line.split()[1] for line in lines if line.startswith("ran ")}


def workers(out: Path) -> list[int]:
    """Processes that run the worker for this directory."""
    return [process for process, command in running() if "parity.execution.worker" in command[:3] and str(out) in command]


def family(out: Path) -> list[int]:
    """Processes that belong to a run into this directory."""
    return [process for process, command in running() if str(out) in command]


def running() -> list[tuple[int, list[str]]]:
    """Every process but this one and those that have ended, with its command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = entry.read_bytes().decode(errors="replace").split("\0")
            if command != [""] and int(entry.parent.name) != os.getpid():
                found.append((int(entry.parent.name), command))
    return found
