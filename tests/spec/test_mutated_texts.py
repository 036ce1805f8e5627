"""Texts of the package's own specs, harmed at random: whatever stands in a file, it is a spec or its mistakes are told."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from parity.spec import specs
from parity.spec.expansion import expand_with_warnings
from parity.spec.mistakes import SpecError

FILES = sorted(path for path in specs.folder().rglob("*.yaml") if path.stat().st_size < 6_000)
SCALARS = (
    *("0", "-1", "1e308", "10**18", "true", "~", "''", "[]", "{}", "[1, 2]", "{a: 1}", '"a b"', "9**9**9", "1/0", "sqrt(-1)"),
    *("log(0)", "exp(1000)", "x.y.z", "__import__('os')", "(", "1 +", "é", '"\\0"', '"\\ud800"', '"\\U00110000"', "*a", "&a b"),
    *("!!python/object x", "relu", "dense", "label", "[[1, 2], [3, 4]]", "[relu, relu]", "2:30", "0x10", ".nan", "- -", "? x"),
    *("|", "> ", "% 3", "@", "`", "t", "g", "w", "1//0", "1e400", "min(1)", "[[0]]", "4096*4096*4096*4096", "norm(1)"),
)
SIGNS = "[]{}():,-*&!|>'\"%@`#?~\\\t \u2028\ufeff\u00e9\U0001f600\x07"
WORD = re.compile(r"[A-Za-z0-9_.]+")


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


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}-{path.stem}" for path in FILES])
def test_a_harmed_spec_is_a_spec_or_its_mistakes_are_told(path: Path) -> None:
    refused = 0
    for seed in range(12):
        text = harmed(path.read_text(encoding="utf-8"), random.Random(f"{path.stem} {seed}"))  # noqa: S311 - a text, no secret
        try:
            spec = specs.parse(text, "harmed.yaml")
            for size in spec.size_names() if isinstance(spec, specs.Architecture) else ():
                expand_with_warnings(spec, size)
        except SpecError as error:
            refused += 1
            assert error.mistakes and all(mistake.file == "harmed.yaml" and mistake.line > 0 for mistake in error.mistakes), (
                text
            )
            assert all(len(line) < 400 and line.isprintable() for line in str(error).splitlines())
    assert refused >= 3, "what is harmed so little tells nothing"
