"""Harms texts of the package's specs at random: each must be a spec, or have its mistakes reported with their positions.

    python -m tests.tools.mutated_specs --rounds 50000

A text is harmed as in test_mutated_texts.py, or gets a random formula or number. It is then parsed, expanded at every size, and
shown. Anything but a spec or a SpecError is a fault, and so is more than a second of CPU time.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from parity.formulas.syntax import FUNCTIONS
from parity.spec import specs
from parity.spec.expansion import expand_with_warnings
from parity.spec.mistakes import SpecError
from parity.verbs import showing

SECONDS = 1.0
"""The limit of CPU time for one text."""

SMALL = 6_000
"""The greatest number of bytes of a text that is harmed."""

SCALARS = (
    *("0", "-1", "1e308", "10**18", "true", "~", "''", "[]", "{}", "[1, 2]", "{a: 1}", '"a b"', "9**9**9", "1/0", "sqrt(-1)"),
    *("log(0)", "exp(1000)", "x.y.z", "__import__('os')", "(", "1 +", "é", '"\\0"', '"\\ud800"', '"\\U00110000"', "*a", "&a b"),
    *("!!python/object x", "relu", "dense", "label", "[[1, 2], [3, 4]]", "[relu, relu]", "2:30", "0x10", ".nan", "- -", "? x"),
    *("|", "> ", "% 3", "@", "`", "t", "g", "w", "1//0", "1e400", "min(1)", "[[0]]", "4096*4096*4096*4096", "norm(1)"),
)
SIGNS = "[]{}():,-*&!|>'\"%@`#?~\\\t \u2028\ufeff\u00e9\U0001f600\x07"
WORD = re.compile(r"[A-Za-z0-9_.]+")
NUMBER = re.compile(r"(?<![A-Za-z_0-9.])[0-9][0-9.e-]*")
NUMBERS = (
    "0",
    "1",
    "-1",
    "2",
    "3",
    "0.5",
    "1e-300",
    "1e308",
    "1e9",
    "10**9",
    "10**400",
    "1000000000000",
    "99999999999999999999",
)
NAMES = ("t", "g", "w", "x", "m", "v", "learning_rate", "beta_1", "fan_in", "fan_out", "channels", "x.channels", "epsilon")
OPERATORS = (" + ", " - ", "*", "/", "//", " % ", "**")


@dataclass(frozen=True)
class Fault:
    """A text that was neither accepted nor properly refused, or that took too long."""

    file: str
    seed: str
    what: str


def files(largest: int = SMALL) -> list[Path]:
    """The package's specs of every kind, without the longest."""
    return sorted(path for path in specs.folder().rglob("*.yaml") if path.stat().st_size < largest)


def harmed(text: str, numbers: random.Random) -> str:
    """The text with one to six lines deleted, doubled, swapped, moved, or with a word or a sign replaced."""
    lines = text.split("\n")
    for _ in range(numbers.choice((1, 1, 1, 2, 3, 6))):
        place, other = numbers.randrange(len(lines)), numbers.randrange(len(lines))
        line, how = lines[place], numbers.randrange(8)
        words = list(WORD.finditer(line))
        at = numbers.randrange(len(line) + 1)
        if how == 0 and len(lines) > 1:
            del lines[place]
        elif how == 1:
            lines.insert(place, lines[other])
        elif how == 2:
            lines[place], lines[other] = lines[other], line
        elif how == 3:
            lines[place] = numbers.choice((" ", "  ", "\t", "- ")) + line
        elif how == 4:
            lines[place] = line[1:]
        elif how == 5:
            lines[place] = line[:at] + numbers.choice(SIGNS) + line[at:]
        elif how == 6:
            lines[place] = line[:at] + line[at + 1 :]
        elif words:
            word = numbers.choice(words)
            lines[place] = line[: word.start()] + numbers.choice(SCALARS) + line[word.end() :]
    return "\n".join(lines)


def formula(numbers: random.Random, depth: int) -> str:
    """A formula of the language, whether it has a value or not."""
    how = numbers.randrange(5) if depth else 4
    if how == 0:
        name = numbers.choice(tuple(FUNCTIONS))
        count = FUNCTIONS[name][0] + (numbers.randrange(10) == 0)
        return f"{name}({', '.join(formula(numbers, depth - 1) for _ in range(count))})"
    if how == 1:
        return f"-({formula(numbers, depth - 1)})"
    if how in (2, 3):
        return f"({formula(numbers, depth - 1)}){numbers.choice(OPERATORS)}({formula(numbers, depth - 1)})"
    return numbers.choice((*NUMBERS, *NAMES, *NAMES))


def renumbered(text: str, numbers: random.Random) -> str:
    """The text with one to four of its numbers replaced by extreme numbers or formulas."""
    for _ in range(numbers.choice((1, 1, 2, 4))):
        found = list(NUMBER.finditer(text))
        if found:
            one = numbers.choice(found)
            new = numbers.choice(NUMBERS) if numbers.random() < 0.6 else formula(numbers, 3)
            text = text[: one.start()] + new + text[one.end() :]
    return text


def reformulated(text: str, numbers: random.Random) -> str:
    """The text with the value of one key replaced by a formula."""
    lines = text.split("\n")
    places = [place for place, line in enumerate(lines) if re.fullmatch(r"\s*(- )?[a-z_0-9]+: [^{\[|>#]+", line)]
    if places:
        place = numbers.choice(places)
        lines[place] = f"{lines[place].partition(':')[0]}: {formula(numbers, numbers.randrange(1, 5))}"
    return "\n".join(lines)


WAYS = (harmed, harmed, renumbered, reformulated, lambda text, numbers: harmed(renumbered(text, numbers), numbers))


def look(text: str, file: str) -> bool:
    """Reads the text as `parity show` does, at every size. Gives whether it is a spec; raises if a mistake has no position."""
    try:
        spec = specs.parse(text, file)
        if isinstance(spec, specs.Architecture):
            for size in spec.size_names():
                graph, _ = expand_with_warnings(spec, size)
                list(showing.lines(spec, graph, size))
    except SpecError as error:
        for mistake in error.mistakes:
            if mistake.file != file or mistake.line < 1:
                raise ValueError(f"a mistake without its place: {mistake}") from error
        if any(len(line) >= 400 or not line.isprintable() for line in str(error).splitlines()):
            raise ValueError(f"a mistake that no screen shows: {error}") from error
        return False
    return True


def faults(count: int, seed: int, found: Counter[bool]) -> Iterator[Fault]:
    """Harms `count` texts, all kinds in turn. `found` counts whether each was a spec."""
    kinds = {path.parent.name: [one for one in files() if one.parent == path.parent] for path in files()}
    for number in range(count):
        paths = list(kinds.values())[number % len(kinds)]
        name = f"{seed}/{number}"
        numbers = random.Random(name)  # noqa: S311 - a text, no secret
        path = numbers.choice(paths)
        text = numbers.choice(WAYS)(path.read_text(encoding="utf-8"), numbers)
        start = time.process_time()
        try:
            found[look(text, "harmed.yaml")] += 1
        except Exception as error:
            yield Fault(f"{path.parent.name}/{path.stem}", name, f"{type(error).__name__}: {error}\n{text}")
        if (taken := time.process_time() - start) > SECONDS:
            yield Fault(f"{path.parent.name}/{path.stem}", name, f"{taken:.2g} s\n{text}")


def main() -> int:
    """Prints every fault. Gives 1 if there is any."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.mutated_specs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    found, bad = Counter[bool](), 0
    for fault in faults(given.rounds, given.seed, found):
        bad += 1
        sys.stdout.write(f"{fault.file} {fault.seed}: {fault.what}\n")
    told = f"{given.rounds} texts: {found[True]} specs, {found[False]} refused with their places, {bad} faults\n"
    sys.stdout.write(told)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
