"""Owns the running of a request. If a process dies, its current case gets an outcome, and a fresh process goes on with the
rest. A run that was cut off can be resumed.

    python -m parity.execution.launcher REQUEST_DIR OUT_DIR [--timeout SECONDS]

It refuses to import a framework or numpy, and to lose further cases to a crash: a crash costs one case.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import itertools
import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from parity import escaping
from parity.execution import outcomes, records, request
from parity.execution.launcher.worker_process import LIMITS, POLL_SECONDS, Ending, Limits, WorkerSetting, run_process
from parity.execution.records import Record
from parity.execution.request import Request, RequestEntry

LOCK_SECONDS = 30.0
"""Seconds that the processes of a killed launcher may take to end."""

SPOILED = "unreadable lines were written into the file of records while it ran: nothing that its process says is trusted"
UNREADABLE = "its record cannot be read"


@dataclass
class Launch:
    """One request under way: its entries, the directory of its records, the callbacks, and the records so far."""

    asked: Request
    out: Path
    on_record: Callable[[Record], None]
    on_notice: Callable[[str], None]
    stop: Callable[[], bool]
    finished: dict[str, Record] = field(default_factory=dict)
    suspected: dict[str, str] = field(default_factory=dict)
    """Key of an entry -> how a process died in it that had run other entries before. Such an entry runs once more, alone."""
    offset: int = 0

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(entry.key for entry in self.asked.entries)

    def remaining(self) -> list[int]:
        """The places of the entries that have no record yet."""
        return [place for place, entry in enumerate(self.asked.entries) if entry.key not in self.finished]

    def take(self, record: Record) -> None:
        self.finished[record.key] = record
        self.on_record(record)

    def look(self, begun: Sequence[RequestEntry] = ()) -> int:
        """Takes in the records that were written since the last look, and gives the number of entries left. begun: the entries
        that the running process began."""
        if self.stop():
            raise KeyboardInterrupt
        reading = records.read(self.out, self.offset)
        self.offset = reading.end
        for notice in reading.notices:
            if "torn tail" not in notice:  # a line still being written; the ending tells
                self.on_notice(notice)
        for record in reading.records:
            if record.key in self.keys and record.key not in self.finished:
                self.take(self._distrust(record, begun) if record.key in reading.spoiled else self._explain(record))
        return len(self.keys) - len(self.finished)

    def _explain(self, record: Record) -> Record:
        """The record; if its case ran alone after its first process died, with a reason that says so."""
        if record.key not in self.suspected or record.outcome != "ran":
            return record
        explained = replace(record, reason=f"it ran in a process of its own; before, {self.suspected[record.key]}")
        records.append(self.out, explained)
        return explained

    def _distrust(self, record: Record, begun: Sequence[RequestEntry]) -> Record:
        """The record after a dropped line. If cases begun earlier have no record, the line was theirs: they are crashed. If
        none lacks one, the line does not belong there, and this record becomes `crashed`.

        The new records are appended while the worker may append too, which is safe: each line is one write at the file's end.
        """
        earlier = itertools.takewhile(lambda entry: entry.key != record.key, begun)
        lost = [entry for entry in earlier if entry.key not in self.finished]
        for entry in lost:
            self.end(entry, "crashed", UNREADABLE)
        if lost:
            return record
        spoiled = replace(record, outcome="crashed", arrays=None, measurements=None, reason=SPOILED)
        records.append(self.out, spoiled)
        return spoiled

    def end(self, entry: RequestEntry, outcome: str, reason: str) -> None:
        """Writes and takes in the record of an entry for which the worker wrote none."""
        case = entry.case
        record = Record(entry.key, case.id, self.asked.framework, outcome, case.dtype, case.device, case.mode, reason)
        records.append(self.out, record)
        self.take(record)


def launch(
    directory: Path,
    interpreter: Path,
    out: Path,
    *,
    limits: Limits = LIMITS,
    python_path: Sequence[Path] = (),
    on_record: Callable[[Record], None] = lambda _: None,
    on_notice: Callable[[str], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Record]:
    """Runs the request of `directory` with `interpreter`. Records go to `out`. Gives one record per entry, in the request's
    order.

    Entries whose key has a final record with sound arrays are not run again. on_record is called once per key, first with the
    records of an earlier run; every record is on disk before the call. stop is called again and again; once it returns True,
    the worker is ended and KeyboardInterrupt is raised. Raises ValueError for a bad request, BlockingIOError while another run
    writes to `out`.
    """
    requested, out = request.read(directory.resolve()), out.resolve()
    with only_writer(out) as lock:
        run = Launch(requested, out, on_record, on_notice, stop)
        place = WorkerSetting(interpreter.absolute(), out, limits, tuple(path.resolve() for path in python_path), lock)
        _resume(run)
        while remaining := run.remaining():
            alone = [number for number in remaining if requested.entries[number].key in run.suspected]
            _settle(run, run_process(requested, alone or remaining, place, run.look))
    return [run.finished[entry.key] for entry in requested.entries]


@contextlib.contextmanager
def only_writer(out: Path) -> Iterator[int]:
    """Makes `out` and holds its lock. If a launcher is killed, its supervisor holds the lock until its last process is gone.

    Raises BlockingIOError if another process holds the lock for LOCK_SECONDS.
    """
    out.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(out / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while not _locked(descriptor):
            if time.monotonic() > deadline:
                raise BlockingIOError(f"another run writes to {out}: wait for it, or give another directory")
            select.select([], [], [], POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _resume(run: Launch) -> None:
    """Takes over the final records of an earlier run, and removes what a killed run left half done."""
    notices = records.drop_torn_tail(run.out)
    for aside in run.out.glob("arrays/*.tmp"):
        aside.unlink()
    reading = records.read(run.out)
    run.offset = reading.end
    for notice in (*notices, *reading.notices):
        run.on_notice(notice)
    kept = reading.latest()
    for entry in run.asked.entries:
        record = kept.get(entry.key)
        if record is None or record.outcome not in records.FINAL or entry.key in run.finished:
            continue
        if _sound(run.out, record):
            run.take(record)
        else:
            run.on_notice(f"{record.case}: its arrays are missing or damaged; it runs again")


def _sound(out: Path, record: Record) -> bool:
    path = out / "arrays" / f"{record.key}.npz"
    return record.arrays is None or (path.exists() and records.file_digest(path) == record.arrays.sha256)


def _settle(run: Launch, ending: Ending) -> None:
    """Writes records for entries that the process began but did not record, unless an entry is to run again alone. So every run
    ends: each process finishes an entry, or leaves one that the next process finishes."""
    for notice in records.drop_torn_tail(run.out):
        run.on_notice(notice)
    run.look(ending.begun)
    left = [run.asked.entries[place] for place in run.remaining()]
    outcome, reason = outcomes.of_process(ending.returncode, ending.log, kernel_kills=ending.kernel_kills)
    if ending.too_slow:
        outcome, reason = "timed_out", ending.too_slow
    if not ending.begun:
        for entry in left:
            run.end(entry, outcome, f"no case began: {reason}")
        return
    *earlier, current = ending.begun
    for entry in earlier:
        if entry in left:
            run.end(entry, "crashed", UNREADABLE)
    if current not in left:
        return
    if earlier and outcomes.is_fault(ending.returncode) and not ending.too_slow:
        run.suspected[current.key] = f"{reason} (in a process that had begun {len(earlier)} cases before it)"
        run.on_notice(f"{current.case.id}: {run.suspected[current.key]}; it is asked again in a process of its own")
    else:
        run.end(current, outcome, reason)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a request with this interpreter: for a machine that has the framework and nothing else."""
    parser = argparse.ArgumentParser(prog="python -m parity.execution.launcher")
    parser.add_argument("request", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--timeout", type=float, default=Limits.timeout, help="seconds of one case")
    options = parser.parse_args(arguments)
    launch(
        options.request,
        Path(sys.executable),
        options.out,
        limits=Limits(options.timeout),
        on_record=lambda record: say(f"{record.outcome:13} {record.case}"),
        on_notice=say,
    )
    return 0


def say(line: str) -> None:
    """Prints a line at once, without what could steer a terminal."""
    sys.stdout.write(f"{escaping.terminal(line)}\n")
    sys.stdout.flush()
