"""Owns one worker process: start it under its supervisor, follow it, stop it when it is too slow, say how it ended.

It refuses to write records, and to leave a process behind; standard library only.
"""

from __future__ import annotations

import contextlib
import json
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from parity.execution import frameworks
from parity.execution.launcher import isolation
from parity.execution.request import Request, RequestEntry

POLL_SECONDS = 0.05
EXIT_SECONDS = 30.0
"""How long a worker may take to exit once all its cases have records."""


@dataclass(frozen=True)
class Limits:
    """timeout: seconds of one case. startup: seconds until the first case begins. grace: between SIGTERM and SIGKILL.
    memory: bytes of address space, 0 for no limit."""

    timeout: float = 600.0
    startup: float = 300.0
    grace: float = 2.0
    memory: int = 0


LIMITS = Limits()


@dataclass(frozen=True)
class WorkerSetting:
    """Where a request runs. python_path: where modules of a user's realization lie. lock: descriptor of the writer's lock."""

    interpreter: Path
    out: Path
    limits: Limits
    python_path: tuple[Path, ...]
    lock: int


@dataclass(frozen=True)
class Ending:
    """How a process ended. begun: entries that it began, in order; too_slow: why it was stopped; log: the end of what it
    printed; kernel_kills: processes that the kernel killed for memory meanwhile."""

    returncode: int
    begun: tuple[RequestEntry, ...]
    too_slow: str
    log: str
    kernel_kills: int


def run_process(
    asked: Request, only: Sequence[int], place: WorkerSetting, look: Callable[[Sequence[RequestEntry]], int]
) -> Ending:
    """One worker over the entries at the places `only`, until it ends or something takes too long.

    look: takes in new records, given what was begun, and returns how many entries are left; it is called all the while.
    """
    progress = Progress(asked, place.out / "progress.jsonl")
    kills, too_slow, answer = _kernel_kills(), "", b""
    process, stdin, stdout = _spawn(asked, only, place)
    try:
        too_slow = _watch(stdout, progress, place.limits, look)
    finally:
        stdin.close()  # tells the supervisor to end what still runs
        answer = stdout.read()
        stdout.close()
        process.wait()
    returncode = int(json.loads(answer)["returncode"]) if answer else -signal.SIGKILL
    return Ending(returncode, progress.begun(), too_slow, _log(place.out), _kernel_kills() - kills)


class Progress:
    """What the process says it has begun, from where the file ended when the process started."""

    def __init__(self, asked: Request, path: Path) -> None:
        self.path, self.start = path, path.stat().st_size if path.exists() else 0
        self.entries = {entry.key: entry for entry in asked.entries}

    def begun(self) -> tuple[RequestEntry, ...]:
        """The entries begun, in order. Lines that are no such announcement are passed over."""
        if not self.path.exists():
            return ()
        with self.path.open("rb") as file:
            file.seek(self.start)
            lines = file.read().split(b"\n")
        found = []
        for line in lines:
            with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):
                found.append(self.entries[json.loads(line).get("key")])
        return tuple(found)


def _watch(stdout: IO[bytes], progress: Progress, limits: Limits, look: Callable[[Sequence[RequestEntry]], int]) -> str:
    """Follows the process until it ends ("") or must be stopped (why)."""
    state: object = None
    since = time.monotonic()
    while not select.select([stdout], [], [], POLL_SECONDS)[0]:
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


def _spawn(asked: Request, only: Sequence[int], place: WorkerSetting) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
    places = ",".join(str(number) for number in only)
    worker = [str(place.interpreter), "-m", "parity.execution.worker", str(asked.directory), str(place.out), "--only", places]
    supervisor = Path(__file__).with_name("supervisor.py")
    settings = [str(place.lock), str(place.out / "worker.log"), str(place.limits.memory), str(place.limits.grace)]
    own = frameworks.environment(asked.framework, asked.realization)
    process = subprocess.Popen(  # noqa: S603  no shell; the interpreter is the caller's
        [sys.executable, "-I", "-S", str(supervisor), *settings, *worker],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=isolation.working_directory(place.out),
        env=isolation.variables(place.out, own, threads=asked.threads, timed=asked.timed(), python_path=place.python_path),
        start_new_session=True,
        pass_fds=(place.lock,),
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("subprocess gave no pipes")
    return process, process.stdin, process.stdout


def _log(out: Path) -> str:
    """The end of what the worker printed."""
    path = out / "worker.log"
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 20_000))
        return file.read().decode(errors="replace")


def _kernel_kills() -> int:
    """How many processes this machine's kernel has killed for memory since boot."""
    path = Path("/proc/vmstat")
    lines = path.read_text().splitlines() if path.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
