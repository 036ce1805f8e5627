"""Lets workers end in every way that the fakes know, at random places of a request, and looks at what became of every case.

    python -m tests.tools.ended_workers --rounds 200

A worker of tests/fakes/processes.py misbehaves in one case of two to six, or is killed from outside at a random moment. Each
ending must cost that case alone: the others ran with the right numbers, the file of records holds what was told, the next
launch runs nothing that is there, and no process is left.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from parity.execution import arrays as array_files
from parity.execution import records
from parity.execution.launcher import launching
from parity.execution.launcher.planning import PlannedCase, write_request
from parity.execution.launcher.worker_process import Limits
from parity.execution.records import Record
from parity.execution.request import Request
from parity.spec.cases import Case

FAKES = Path(__file__).parents[1] / "fakes"
BAD_SEED = 1
"""The case in which the fakes misbehave (tests/fakes/processes.py)."""
PATIENT = Limits(timeout=120, startup=120, grace=0.2)
ENDINGS = {
    "Sound": ("ran", ""),
    "Raises": ("crashed", "RuntimeError: no kernel for this shape"),
    "Declines": ("unsupported", "no such layer"),
    "Segfaults": ("crashed", "killed by SIGSEGV"),
    "Aborts": ("out_of_memory", "killed by SIGABRT; it last printed: terminate called after throwing"),
    "Exits": ("crashed", "ended without a record (exit status 0)"),
    "ExitsWithStatus": ("crashed", "ended with exit status 3"),
    "CallsExit": ("crashed", "SystemExit: 0"),
    "ThrowsMemoryError": ("out_of_memory", "Unable to allocate 8 EiB"),
    "ReturnsNothing": ("crashed", "the implementation returned nothing"),
    "ReturnsObjects": ("crashed", "forward/x is no array of numbers"),
    "PrintsGarbage": ("ran", ""),
    "SpoilsRecords": ("crashed", "unreadable lines were written into the file of records"),
    "SpoilsItsRecord": ("crashed", "its record cannot be read"),
    "LeavesOrphan": ("ran", ""),
}
"""Fake -> the outcome of its case, and a part of the reason."""
KILLED = "killed from outside"
LONGEST = 1.5
"""Most seconds from the start of a launch to the kill from outside."""


@dataclass(frozen=True)
class Ending:
    """One round. what: the fake, or KILLED; faults: what is not as it must be."""

    what: str
    faults: Sequence[str]


def rounds(count: int, seed: int) -> Iterator[Ending]:
    """So many endings, drawn from this seed."""
    chance = random.Random(f"endings/{seed}")  # noqa: S311 - no secret
    for number in range(count):
        what = list(ENDINGS)[number % (len(ENDINGS) + 1)] if number % (len(ENDINGS) + 1) < len(ENDINGS) else KILLED
        with tempfile.TemporaryDirectory(prefix="parity-endings-") as place:
            yield Ending(what, tuple(_faults(what, Path(place), chance)))


def _faults(what: str, place: Path, chance: random.Random) -> Iterator[str]:
    fake = "Sound" if what == KILLED else what
    asked = _written(place / "request", fake, chance)
    killer = threading.Timer(chance.uniform(0, LONGEST), _kill, (place, chance.choice((signal.SIGKILL, signal.SIGTERM))))
    if what == KILLED:
        killer.start()
    try:
        found = _launched(asked, place / "out")
    finally:
        killer.cancel()
    for entry, record in zip(asked.entries, found, strict=True):
        bad = entry.case.seed == BAD_SEED and what != KILLED
        wanted, reason = ENDINGS[what] if bad else ("ran", "")
        if record.outcome != wanted and not (what == KILLED and record.outcome in ("crashed", "out_of_memory")):
            yield f"case {entry.case.seed}: {record.outcome}, not {wanted}: {record.reason}"
        elif reason not in record.reason:
            yield f"case {entry.case.seed}: the reason is {record.reason!r}"
        if record.outcome == "ran" and not _right(place / "out", record, entry.case.seed):
            yield f"case {entry.case.seed}: other numbers"
    if records.read(place / "out").latest() != {record.key: record for record in found}:
        yield "the file of records holds something else than was told"
    if left := _left(place):
        yield f"left behind: {left}"
    again = _launched(asked, place / "out")
    if any(one != two for one, two in zip(found, again, strict=True) if one.outcome in ("ran", "unsupported")):
        yield "the next launch runs anew what is there"


def _written(place: Path, fake: str, chance: random.Random) -> Request:
    """A request of two to six cases in a random order; that with BAD_SEED is one of them."""
    seeds = list(range(chance.randint(2, 6)))
    chance.shuffle(seeds)
    planned = [
        PlannedCase(Case("tiny", "agreement", "float32", seed=seed), {"batch/0/x": np.arange(3, dtype=np.float32) + seed})
        for seed in seeds
    ]
    return write_request(place, "fake", planned, versions={"fake": "1"}, implementation=fake, realization=f"processes:{fake}")


def _launched(asked: Request, out: Path) -> list[Record]:
    return launching.launch(asked.directory, Path(sys.executable), out, limits=PATIENT, python_path=[FAKES])


def _right(out: Path, record: Record, seed: int) -> bool:
    if record.arrays is None:
        return False
    return list(array_files.load(out, record.arrays)["forward/x"]) == [2 * (i + seed) for i in range(3)]


def _below(place: Path) -> list[int]:
    """The processes whose command line or working directory names the round's folder."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                told = (folder / "cmdline").read_bytes() + os.fsencode(os.readlink(folder / "cwd"))
                ended = (folder / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            except OSError:
                continue
            if os.fsencode(place) in told and not ended:
                found.append(int(folder.name))
    return found


def _kill(place: Path, number: int) -> None:
    """Ends the worker of a round: the process that is no supervisor."""
    for process in _below(place):
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes()
            if b"parity.execution.worker" in words and b"supervisor.py" not in words:
                os.kill(process, number)
        except OSError:
            continue


def _left(place: Path) -> list[int]:
    orphan = place / "out" / "orphan"
    lives = orphan.exists() and Path(f"/proc/{orphan.read_text()}").exists()
    ended = lives and Path(f"/proc/{orphan.read_text()}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    return [*_below(place), *([int(orphan.read_text())] if lives and not ended else [])]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.ended_workers")
    parser.add_argument("--rounds", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    counts, bad = Counter[str](), 0
    for ending in rounds(given.rounds, given.seed):
        counts[ending.what] += 1
        bad += bool(ending.faults)
        if ending.faults:
            sys.stdout.write(f"{ending.what}: {'; '.join(ending.faults)}\n")
    sys.stdout.write(f"{given.rounds} endings, {bad} bad: {dict(counts)}\n")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
