"""Owns the translation of endings: an exception, or the way a process died, becomes an outcome with a reason.

It refuses to look at anything but its arguments; standard library only.
"""

from __future__ import annotations

import re
import signal
import traceback

OUT_OF_MEMORY = re.compile(
    r"out[ -]of[ -]memory|OutOfMemory|ResourceExhausted|RESOURCE_EXHAUSTED|bad_alloc|MemoryError"
    r"|can(no|')?t allocate memory|Unable to allocate|Memory allocation failed|failed to allocate",
    re.IGNORECASE,
)
TAIL_LINES = 20
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def of_exception(error: BaseException) -> tuple[str, str]:
    """(outcome, reason) of an exception that ended a case: crashed or out_of_memory, with the tail of the traceback."""
    text = "".join(traceback.format_exception(error))
    summary = f"{type(error).__name__}: {error}"
    outcome = "out_of_memory" if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(summary) else "crashed"
    return outcome, f"{summary}\n{tail(text)}".strip()


def of_process(returncode: int, log: str, *, kernel_kills: int = 0) -> tuple[str, str]:
    """(outcome, reason) of a process that died while a case ran.

    returncode: as subprocess gives it, negative for a signal. log: the end of the process's output. kernel_kills: how many
    processes the kernel killed for memory while it ran.
    """
    printed = tail(log)
    after = f"; it last printed:{chr(10) if chr(10) in printed else ' '}{printed}" if printed else ""
    if returncode == 0:
        return "crashed", f"the worker ended without a record (exit status 0){after}"
    if returncode > 0:
        how = f"the worker ended with exit status {returncode}"
        return ("out_of_memory" if OUT_OF_MEMORY.search(printed) else "crashed"), how + after
    name = signal_name(-returncode)
    if returncode == -signal.SIGKILL and kernel_kills:
        return "out_of_memory", f"the worker was killed by {name} while the kernel ran out of memory{after}"
    return ("out_of_memory" if OUT_OF_MEMORY.search(printed) else "crashed"), f"the worker was killed by {name}{after}"


def is_fault(returncode: int) -> bool:
    """Whether a process died by a fault of its own, and not by a signal from outside. An earlier case in the same process may
    have caused such a fault by damaging memory."""
    return returncode != 0 and -returncode not in FROM_OUTSIDE


def signal_name(number: int) -> str:
    """The name of a signal: SIGSEGV for 11."""
    names = {item.value: item.name for item in signal.Signals}
    return names.get(number, f"signal {number}")


def tail(text: str) -> str:
    """The last lines of a text, printable characters only."""
    lines = text.strip().splitlines()[-TAIL_LINES:]
    return "\n".join("".join(char if char.isprintable() else "�" for char in line[:500]) for line in lines)


def headline(reason: str) -> str:
    """The most telling line of a reason: the first; if it ends in a colon, as a traceback's does, with the last line added."""
    first, *more = reason.splitlines() or [""]
    return f"{first} {more[-1].strip()}" if more and first.endswith(":") else first
