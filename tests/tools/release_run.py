"""Harms everything that parity reads, starts and shows, many times, and writes the outcomes: figures as JSON, and a page.

  python -m tests.tools.release_run --specs 1000000 --files 100000 --kills 10000 --native 2000 --formats 8000 --endings 5000 \
      --injections 1500

The numbers are totals: the same command continues after an interruption, and a greater number adds the difference. Figures
belong to one state of the code: if parity has changed since, the run says so, and --anew begins again. --native and --formats
use the frameworks of --framework, whose environments must be built.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import parity
from tests.tools import damaged_files, damaged_native, ended_workers, injected_texts, killed_commands, mutated_specs
from tests.tools.damaged_kinds import KINDS
from tests.tools.damaged_store import native_kind
from tests.tools.damages import DAMAGES

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "reports" / "release"
FIGURES, PAGE = "robustness.json", "README.md"
FORMAT = 1
ENDED = len(ended_workers.ENDINGS) + 1
"""Endings of workers at a time: each kind once."""
FORMATTED = 20 * len(DAMAGES)
"""Files of weights that one process of a framework reads."""
MOST_TOLD = 50
"""Number of bad outcomes of each kind that are described; all are counted."""


@dataclass(frozen=True)
class Chunk:
    """The outcomes of some runs of a kind. bad: descriptions of the bad outcomes."""

    outcomes: Counter[str]
    bad: Sequence[str]


@dataclass(frozen=True)
class Harm:
    """A kind of harm. aim: the number of runs for a release. chunk: runs at a time. run: gives the chunk of a number."""

    title: str
    aim: int
    chunk: int
    run: Callable[[int], Chunk]


def specs(number: int) -> Chunk:
    found: Counter[bool] = Counter()
    bad = list(mutated_specs.faults(500, number, found))
    outcomes = Counter({"a spec": found[True], "refused at its place": found[False], "fault": len(bad)})
    return Chunk(outcomes, [f"{one.file} {one.seed}: {one.what}" for one in bad])


def files(number: int) -> Chunk:
    bad: list[damaged_files.Result] = []
    with contextlib.redirect_stdout(io.StringIO()):  # a plan tells its commands
        counts = damaged_files.run(list(KINDS), len(DAMAGES), number, bad.append)
    return Chunk(sum(counts.values(), Counter()), [f"{one.kind}, {one.damage}: {one.outcome}: {one.told}" for one in bad])


def native(frameworks: Sequence[str]) -> Callable[[int], Chunk]:
    """Damages weights in the frameworks' own formats, which the framework's worker reads, with a checksum and without."""

    def run(number: int) -> Chunk:
        bad: list[damaged_files.Result] = []
        framework = frameworks[number % len(frameworks)]
        kinds = [native_kind(framework, checksum) for checksum in (True, False)]
        with contextlib.redirect_stdout(io.StringIO()):
            counts = damaged_files.run(kinds, len(DAMAGES), number, bad.append)
        outcomes = {f"{outcome}, {name}": count for name, found in counts.items() for outcome, count in found.items()}
        return Chunk(Counter(outcomes), [f"{one.kind}, {one.damage}: {one.outcome}: {one.told}" for one in bad])

    return run


def formats(frameworks: Sequence[str]) -> Callable[[int], Chunk]:
    """Damages weights in the frameworks' own formats without a checksum, many in one process of the framework."""

    def run(number: int) -> Chunk:
        framework = frameworks[number % len(frameworks)]
        found = list(damaged_native.outcomes(framework, FORMATTED, number))
        bad = [one for one in found if one.outcome in damaged_native.BAD]
        outcomes = Counter(f"{one.outcome}, {framework}" for one in found)
        return Chunk(outcomes, [f"{framework}, {one.damage}: {one.outcome}: {one.told}" for one in bad])

    return run


def kills(number: int) -> Chunk:
    outcomes: Counter[str] = Counter()
    bad = []
    for command in killed_commands.COMMANDS:
        for left in killed_commands.rounds(command, 5, number):
            outcomes[f"{command}: {'something left behind' if left else 'nothing left behind'}"] += 1
            outcomes[f"{command}: of these with processes at work"] += bool(left.at_work)
            bad += [f"{command}: {left}"] if left else []
    return Chunk(outcomes, bad)


def injections(number: int) -> Chunk:
    count = 5
    bad = [f"{medium}: {text!a}" for medium, text in injected_texts.escapes(count, number)]
    total = count * len(injected_texts.MEDIA)
    return Chunk(Counter({"text": total - len(bad), "came through": len(bad)}), bad)


def endings(number: int) -> Chunk:
    outcomes: Counter[str] = Counter()
    bad = []
    for ending in ended_workers.rounds(ENDED, number):
        outcomes["a fault" if ending.faults else "its case alone"] += 1
        bad += [f"{ending.what}: {'; '.join(ending.faults)}"] if ending.faults else []
    return Chunk(outcomes, bad)


def harms(frameworks: Sequence[str]) -> dict[str, Harm]:
    """Name of an option -> kind of harm."""
    return {
        "specs": Harm("mutated specs", 1_000_000, 500, specs),
        "files": Harm("damaged files", 100_000, len(KINDS) * len(DAMAGES), files),
        "native": Harm("damaged native weights", 2_000, 2 * len(DAMAGES), native(frameworks)),
        "formats": Harm("damaged weights in one process of a framework", 8_000, FORMATTED, formats(frameworks)),
        "kills": Harm("killed commands", 10_000, 5 * len(killed_commands.COMMANDS), kills),
        "endings": Harm("ended workers", 5_000, ENDED, endings),
        "injections": Harm("injected texts", 1_500, 5 * len(injected_texts.MEDIA), injections),
    }


def code() -> str:
    """The digest of the package's sources, specs included."""
    found = sha256()
    for place in (Path(parity.__file__).parent, ROOT / "specs"):
        for path in sorted(one for one in place.rglob("*") if one.suffix in (".py", ".yaml", ".j2")):
            found.update(f"{path.relative_to(place)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def begun(place: Path, anew: bool) -> dict[str, Any]:
    """The figures so far. Raises SystemExit if they belong to another state of the code."""
    path = place / FIGURES
    if anew or not path.exists():
        return {"format": FORMAT, "code": code(), "python": platform.python_version(), "kinds": {}}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if found["code"] != code():
        raise SystemExit(f"{path}: its figures are of another state of the code; --anew begins again")
    return found


def run(harm: Harm, told: dict[str, Any], wanted: int) -> Iterator[None]:
    """Continues until `wanted` runs are done; `told` grows with every chunk."""
    while told["done"] < wanted:
        chunk = harm.run(told["chunks"])
        counted = Counter(told["outcomes"]) + chunk.outcomes
        told["outcomes"] = dict(sorted(counted.items()))
        told["bad"] += len(chunk.bad)
        told["stories"] = [*told["stories"], *(story[-2_000:] for story in chunk.bad)][:MOST_TOLD]
        told["chunks"] += 1
        told["done"] += harm.chunk
        yield


def page(figures: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    every = harms(["torch"])
    lines = [
        "# How parity stands damage",
        "",
        "`python -m tests.tools.release_run` makes this page and `robustness.json`, from which it follows. Bad means: an",
        "exception that is no sentence, a damaged file of parity's own that is accepted with other numbers, something that",
        "stays behind, a text that becomes markup. A file of the user's own (a spec, a map, weights without a checksum) is",
        "taken as it stands.",
        "",
        f"Code {figures['code'][:12]}, Python {figures['python']}.",
        "",
        "| what | done | aim of a release | bad | what became of them |",
        "|---|---|---|---|---|",
    ]
    for name, told in figures["kinds"].items():
        became = "; ".join(f"{count:,} {outcome}" for outcome, count in told["outcomes"].items())
        lines.append(f"| {every[name].title} | {told['done']:,} | {every[name].aim:,} | {told['bad']:,} | {became} |")
    return "\n".join(lines) + "\n"


def write(figures: Mapping[str, Any], place: Path) -> None:
    """Writes both files, each as a whole or not at all."""
    place.mkdir(parents=True, exist_ok=True)
    texts = {FIGURES: json.dumps(figures, indent=1, ensure_ascii=True) + "\n", PAGE: page(figures)}
    for name, text in texts.items():
        aside = place / f"{name}.new"
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, place / name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the harm that is asked for, and writes the figures after every chunk. Gives 1 if there is a bad outcome."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.release_run")
    for name, harm in harms(["torch"]).items():
        parser.add_argument(f"--{name}", type=int, default=0, metavar="N", help=f"{harm.title}; a release: {harm.aim:,}")
    parser.add_argument("--framework", action="append", help="of --native and --formats; default: keras, torch, mxnet, onnx")
    parser.add_argument("--anew", action="store_true", help="forget the figures so far")
    parser.add_argument("--output", type=Path, default=PLACE)
    given = parser.parse_args(arguments)
    figures = begun(given.output, given.anew)
    for name, harm in harms(given.framework or ["keras", "torch", "mxnet", "onnx"]).items():
        if wanted := getattr(given, name):
            told = figures["kinds"].setdefault(name, {"done": 0, "chunks": 0, "bad": 0, "outcomes": {}, "stories": []})
            for _ in run(harm, told, wanted):
                write(figures, given.output)
            sys.stdout.write(f"{harm.title}: {told['done']:,} done, {told['bad']:,} bad\n")
            sys.stdout.flush()
    return int(any(told["bad"] for told in figures["kinds"].values()))


if __name__ == "__main__":
    sys.exit(main())
