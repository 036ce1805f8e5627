"""Damages every kind of file that parity reads, and counts refusals, files accepted with other numbers, and raw exceptions.

    python -m tests.tools.damaged_files --rounds 5000          # of every kind; --kind NAME for one, --seed N for other damages
    python -m tests.tools.damaged_files --rounds 50 --framework torch    # native weights too, through its worker

A refusal is a sentence with the file's name (status 2 on the command line). A raw exception is any other. An accepted file was
read, and differs from what was written. In files that users write (specs, maps) any value may be meant: only raw ones count.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parity.errors import UsageError
from parity.execution.damaged_files import Damaged
from parity.spec.mistakes import SpecError
from tests.tools.damaged_kind import Kind
from tests.tools.damaged_kinds import KINDS, SLOW
from tests.tools.damaged_store import native_kind
from tests.tools.damages import DAMAGES

REFUSALS = (Damaged, UsageError, SpecError)
OUTCOMES = ("refused", "unchanged", "taken", "accepted", "nameless", "raw")
"""unchanged: the file was read, and holds what was written. taken: a user's own file, read with its changed content."""
BAD = ("accepted", "nameless", "raw")


@dataclass(frozen=True)
class Result:
    """The outcome of one damaged file. told: the sentence, or the traceback of a raw exception."""

    kind: str
    damage: str
    outcome: str
    told: str


@dataclass(frozen=True)
class Whole:
    """A file before the damage: its path, its bytes, and the value that is read from it."""

    path: Path
    content: bytes
    value: Any

    @staticmethod
    def of(kind: Kind, folder: Path) -> Whole:
        folder.mkdir()
        path = kind.make(folder)
        return Whole(path, path.read_bytes(), kind.read(path))

    def write(self, content: bytes | None) -> None:
        """Writes these bytes to the file's path; None makes a directory there."""
        if self.path.is_dir():
            shutil.rmtree(self.path)
        self.path.unlink(missing_ok=True)
        if content is None:
            self.path.mkdir()
        else:
            self.path.write_bytes(content)


def one(kind: Kind, whole: Whole, damage: str, numbers: random.Random) -> Result:
    """Damages a whole file, and reads it. Gives the outcome."""
    path = whole.path
    whole.write(DAMAGES[damage](whole.content, numbers))
    try:
        found = kind.read(path)
    except REFUSALS as error:
        named = path.name in str(error) or path.parent.name in str(error)
        return Result(kind.name, damage, "refused" if named else "nameless", str(error))
    except Exception:
        return Result(kind.name, damage, "raw", traceback.format_exc())
    if kind.same(whole.value, found):
        return Result(kind.name, damage, "unchanged", "")
    return Result(kind.name, damage, "taken" if kind.corrected else "accepted", f"{found!r}"[:300])


def run(kinds: list[Kind], rounds: int, seed: int, tell: Callable[[Result], None]) -> dict[str, Counter[str]]:
    """Kind -> number of its damaged files for each outcome."""
    counts: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory(prefix="parity-damage-") as place:
        for kind in kinds:
            numbers = random.Random(f"{seed}/{kind.name}")  # noqa: S311 - damage, no secret
            counts[kind.name] = Counter()
            whole = Whole.of(kind, Path(place) / str(len(counts)))
            for number in range(rounds):
                damage = list(DAMAGES)[number % len(DAMAGES)]
                result = one(kind, whole, damage, numbers)
                counts[kind.name][result.outcome] += 1
                if result.outcome in BAD:
                    tell(result)
    return counts


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.damaged_files")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", choices=[kind.name for kind in (*KINDS, *SLOW)])
    parser.add_argument("--framework", action="append", default=[], help="its native weights as well; a process a file")
    given = parser.parse_args(arguments)
    kinds = [kind for kind in (*KINDS, *SLOW) if kind.name in given.kind] if given.kind else list(KINDS)
    kinds = [native_kind(name, checksum) for name in given.framework for checksum in (True, False)] or kinds

    def tell(result: Result) -> None:
        sys.stderr.write(f"{result.kind}, {result.damage}: {result.outcome}: {result.told[-1500:]}\n")

    counts: dict[str, Counter[str]] = {}
    for kind in kinds:
        counts |= run([kind], given.rounds, given.seed, tell)
        found = counts[kind.name]
        told = ", ".join(f"{found[outcome]} {outcome}" for outcome in OUTCOMES if found[outcome])
        sys.stdout.write(f"{kind.name}: {sum(found.values())} damaged files: {told}\n")
        sys.stdout.flush()
    total: Counter[str] = sum(counts.values(), Counter())
    told = ", ".join(f"{total[outcome]} {outcome}" for outcome in OUTCOMES)
    sys.stdout.write(f"all: {sum(total.values())} damaged files: {told}\n")
    return int(any(total[outcome] for outcome in BAD))


if __name__ == "__main__":
    sys.exit(main())
