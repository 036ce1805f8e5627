"""Owns the lines that a pipe or a log gets while a command works: one every half minute, on stderr.

It refuses to write to a terminal, which shows a bar (`progress.py`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from parity.verbs import terminal
from parity.verbs.terminal import verbosity

EVERY = 30.0
"""Seconds between two lines. Services that run tests end a job that has been silent for some minutes."""


@dataclass
class Activity:
    """The current work of the process. done: number of finished parts; total: number of all parts, None if it is not known."""

    text: str = "starting"
    done: int = 0
    total: int | None = None
    latest: str = ""


NOW = Activity()
"""The work of this process, which runs one command at a time."""


def begin(text: str, total: int | None) -> None:
    """Notes that a piece of work begins. total: its number of parts, None if it is not known."""
    NOW.text, NOW.done, NOW.total, NOW.latest = text, 0, total, ""


def advance(latest: str) -> None:
    """Notes that a part is done. latest: its name."""
    NOW.done, NOW.latest = NOW.done + 1, latest


def line(activity: Activity, seconds: float) -> str:
    """`parity: 1:30: running: 12 of 56 done, last keras lenet/…`. seconds: since the command began."""
    minutes, rest = divmod(int(seconds), 60)
    count = f"{activity.done} of {activity.total} done" if activity.total else f"{activity.done} done" if activity.done else ""
    latest = f"last {activity.latest}" if activity.latest else ""
    details = ", ".join(part for part in (count, latest) if part)
    return f"parity: {minutes}:{rest:02}: {activity.text}{': ' if details else ''}{details}"


def beat(wait: Callable[[float], bool], say: Callable[[str], None], clock: Callable[[], float]) -> None:
    """Prints a line every EVERY seconds, until `wait(seconds)` returns True because the command has ended."""
    began = clock()
    while not wait(EVERY):
        if verbosity.NOW.quiet:
            continue
        try:
            say(line(NOW, clock() - began))
        except (OSError, ValueError):  # stderr was closed: nobody reads
            return


@contextmanager
def beating() -> Iterator[None]:
    """Runs `beat` in a thread during the block, unless stderr is a terminal or missing."""
    if sys.stderr is None or sys.stderr.isatty():
        yield
        return
    ended = Event()
    thread = Thread(target=beat, args=(ended.wait, _say, time.monotonic), name="pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _say(text: str) -> None:
    terminal.say(text, error=True)
