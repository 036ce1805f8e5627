"""Owns one worker process: it starts it under a supervisor, follows it, stops it when it is too slow, and says how it ended.

It refuses to write records, and to leave a process behind; standard library only.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from parity.execution import frameworks
from parity.execution.launcher import isolation
from parity.execution.launcher.supervisor_client import Supervised, Surroundings
from parity.execution.request import Request, RequestEntry

ONLY = "only.txt"
"""File that lists the places of the cases that a process shall run."""
POLL_SECONDS = 0.05
EXIT_SECONDS = 30.0
"""Seconds that a worker may take to exit once all its cases have records."""


@dataclass(frozen=True)
class Limits:
    """Limits of a worker. timeout: seconds for one case. startup: seconds until the first case begins. grace: seconds between
    SIGTERM and SIGKILL. memory: bytes of address space, 0 for no limit."""

    timeout: float = 600.0
    startup: float = 300.0
    grace: float = 2.0
    memory: int = 0


LIMITS = Limits()


@dataclass(frozen=True)
class WorkerSetting:
    """Where a request runs. python_path: the directories of a user's realization. lock: descriptor of the writer's lock."""

    interpreter: Path
    out: Path
    limits: Limits
    python_path: tuple[Path, ...]
    lock: int


@dataclass(frozen=True)
class Ending:
    """How a process ended. begun: the entries that it began, in order; too_slow: why it was stopped, "" if it was not; log: the
    end of its output; kernel_kills: number of processes that the kernel killed for memory while it ran."""

    returncode: int
    begun: tuple[RequestEntry, ...]
    too_slow: str
    log: str
    kernel_kills: int


def run_process(
    request: Request, only: Sequence[int], place: WorkerSetting, look: Callable[[Sequence[RequestEntry]], int]
) -> Ending:
    """Runs one worker over the entries at the places `only`, until it ends or exceeds a limit.

    look: called again and again with the entries begun; it takes in new records and returns how many entries are left.
    """
    progress = Progress(request, place.out / "progress.jsonl")
    kills, too_slow = _kernel_kills(), ""
    process = _spawn(request, only, place)
    try:
        too_slow = _watch(process, progress, place.limits, look)
    finally:
        returncode = process.end()
    return Ending(returncode, tuple(progress.begun()), too_slow, process.printed(), _kernel_kills() - kills)


class Progress:
    """The process's announcements of the entries that it begins, read from the place where the file ended at its start."""

    def __init__(self, request: Request, path: Path) -> None:
        self.path, self.read = path, path.stat().st_size if path.exists() else 0
        self.entries = {entry.key: entry for entry in request.entries}
        self._begun: list[RequestEntry] = []

    def begun(self) -> Sequence[RequestEntry]:
        """The entries begun, in order; more at each call. Lines that are no announcement are skipped.

        Each call reads the lines that are new since the last call, up to the last whole line.
        """
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self.read)
                lines, _, _ = file.read().rpartition(b"\n")
            self.read += len(lines) + 1 if lines else 0
            for line in lines.split(b"\n"):
                with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):
                    self._begun.append(self.entries[json.loads(line).get("key")])
        return self._begun


def _watch(process: Supervised, progress: Progress, limits: Limits, look: Callable[[Sequence[RequestEntry]], int]) -> str:
    """Follows the process until it ends or must be stopped. Gives the reason for stopping, "" if it ended."""
    state: object = None
    since = time.monotonic()
    while not process.ended(POLL_SECONDS):
        begun = progress.begun()
        left = look(begun)
        if (len(begun), left) != state:
            state, since = (len(begun), left), time.monotonic()
        allowed, what = limits.timeout, "its case took"
        if left == 0:
            allowed, what = EXIT_SECONDS, "the worker's exit took"
        elif not begun:
            allowed, what = limits.startup, "the framework's start took"
        if time.monotonic() - since > allowed:
            return f"{what} longer than {allowed:g} s"
    return ""


def _spawn(request: Request, only: Sequence[int], place: WorkerSetting) -> Supervised:
    chosen = place.out / ONLY  # a file: a command line cannot hold 22,000 numbers
    chosen.write_text(",".join(str(number) for number in only))
    worker = [str(place.interpreter), "-m", "parity.execution.worker", str(request.directory), str(place.out)]
    worker += ["--only", f"@{chosen}"]
    own = frameworks.environment(request.framework, request.realization)
    surroundings = Surroundings(
        isolation.variables(place.out, own, threads=request.threads, timed=request.timed(), python_path=place.python_path),
        isolation.working_directory(place.out),
        place.out / "worker.log",
        place.lock,
        place.limits.memory,
        place.limits.grace,
    )
    return Supervised(worker, surroundings)


def _kernel_kills() -> int:
    """How many processes this machine's kernel has killed for memory since boot."""
    path = Path("/proc/vmstat")
    lines = path.read_text().splitlines() if path.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
