"""Owns the life of one worker and of everything that it starts: no process outlives the worker's end or the launcher's.

    python -I -S supervisor.py LOCK LOG MEMORY_LIMIT GRACE IN OUT COMMAND…     (environment, working directory: the worker's)

IN and OUT are descriptors that become the worker's stdin and stdout; with -1 it reads nothing, and prints to the log. If LOG is
"", OUT takes stderr too. When stdin closes (the launcher asks for the end, or has died), all descendants get SIGTERM, and
SIGKILL after GRACE seconds. On Linux this includes descendants that left the process group, since this process is their
subreaper. LOCK is the descriptor that keeps other writers out until this process is gone, -1 for none. It prints {"returncode",
"left", "max_rss_bytes"}. It refuses to know what the worker does; standard library only.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LINUX = sys.platform.startswith("linux")
WAIT_SECONDS = 0.02
LOOK_SECONDS = 1.0
"""Seconds between two checks of the log's size."""
LARGEST_LOG, KEPT_OF_LOG = 64 * 2**20, 2**20
"""Greatest size of a log in bytes, and how many bytes of its end are kept if it grows larger. A worker in a loop would fill the
disk."""


def main(arguments: list[str]) -> int:
    """Runs the command to its end, or to the end of stdin."""
    lock, log, limit, grace = int(arguments[0]), arguments[1], int(arguments[2]), float(arguments[3])
    streams = int(arguments[4]), int(arguments[5])
    for descriptor in (lock, *streams):
        if descriptor >= 0:
            os.set_inheritable(descriptor, False)
    wake = _wake_on_signals()
    if LINUX:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
    worker = os.fork()
    if worker == 0:
        _become(arguments[6:], log, limit, streams)
    for stream in streams:
        if stream >= 0:
            os.close(stream)  # the worker has its copy; the reader must see its end
    family = ProcessFamily(worker)
    while not family.ended and not _stdin_closed(wake):
        family.reap()
        shorten(log)
    if not family.ended:
        family.signal(signal.SIGTERM)
        deadline = time.monotonic() + grace
        while not family.ended and time.monotonic() < deadline:
            _pause(wake)
            family.reap()
    left = family.kill(wake)
    answer = {"returncode": family.returncode, "left": left, "max_rss_bytes": family.max_rss_bytes}
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(answer).encode())
    return 0


class ProcessFamily:
    """The worker and its descendants."""

    def __init__(self, worker: int) -> None:
        self.worker, self.ended, self.returncode, self.max_rss_bytes = worker, False, 0, 0

    def reap(self) -> None:
        """Collects the exit status of every child that has ended."""
        with contextlib.suppress(ChildProcessError):
            while True:
                child, status, usage = os.wait4(-1, os.WNOHANG)
                if child == 0:
                    return
                if child == self.worker:
                    self.ended, self.returncode = True, os.waitstatus_to_exitcode(status)
                    self.max_rss_bytes = usage.ru_maxrss * (1024 if LINUX else 1)

    def signal(self, number: int) -> None:
        for child in self.members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
        if not LINUX:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.worker, number)

    def kill(self, wake: int) -> int:
        """Sends SIGKILL until no process is left. Gives the number of processes that outlived the worker."""
        left: set[int] = set()
        while self.members() or not self.ended:
            left.update(self.members())
            self.signal(signal.SIGKILL)
            _pause(wake)
            self.reap()
        return len(left - {self.worker})

    def members(self) -> list[int]:
        """All descendants of this process that still run."""
        parents = dict(_parents()) if LINUX else {}
        members, more = {os.getpid()}, {os.getpid()}
        while more:
            more = {child for child, parent in parents.items() if parent in members} - members
            members |= more
        return sorted(members - {os.getpid()})


def _become(command: list[str], log: str, limit: int, streams: tuple[int, int]) -> None:
    """In the child: becomes the worker, in a process group of its own, which dies with its supervisor."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644) if log else streams[1]
    try:
        os.setpgid(0, 0)
        if LINUX:
            _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        source = streams[0] if streams[0] >= 0 else os.open(os.devnull, os.O_RDONLY)
        for descriptor, target in ((source, 0), (streams[1] if streams[1] >= 0 else output, 1), (output, 2)):
            os.dup2(descriptor, target)
        os.execv(command[0], command)  # noqa: S606  no shell is wanted
    except OSError as error:
        os.write(output, f"{command[0]}: {error}\n".encode())
    os._exit(127)


def _wake_on_signals() -> int:
    """A descriptor that becomes readable when a child ends. The terminal's signals are ignored; the launcher handles them."""
    wake, alarm = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(alarm, False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(alarm)
    return wake


def shorten(log: str) -> None:
    """Keeps only the end of a log that has grown too large. Writers append: text that is written at this very moment comes
    before that end, later text behind it."""
    with contextlib.suppress(OSError):
        if not log or os.stat(log).st_size <= LARGEST_LOG:
            return
        with open(log, "r+b", buffering=0) as file:
            file.seek(-KEPT_OF_LOG, os.SEEK_END)
            end = file.read(KEPT_OF_LOG)
            file.truncate(0)
        with open(log, "ab", buffering=0) as file:
            file.write(f"[parity: this log was longer than {LARGEST_LOG} bytes; its end follows]\n".encode() + end)


def _stdin_closed(wake: int) -> bool:
    """Waits a moment for a child's end or for the end of stdin. Gives whether stdin ended."""
    ready, _, _ = select.select([wake, 0], [], [], LOOK_SECONDS)
    if wake in ready:
        os.read(wake, 4096)
    return 0 in ready and not os.read(0, 4096)


def _pause(wake: int) -> None:
    """Waits a moment, or until a child ends."""
    if select.select([wake], [], [], WAIT_SECONDS)[0]:
        os.read(wake, 4096)


def _parents() -> Iterator[tuple[int, int]]:
    """(process, parent) for all running processes."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                yield int(entry.parent.name), int(parent)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
