"""Owns mistakes in a spec: places, mistakes with their trail, and the error that carries all mistakes of a file.

It refuses to know where mistakes come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOST_SHOWN = 20
_LONGEST_SENTENCE = 300


@dataclass(frozen=True)
class Place:
    """A place in a file; line and column count from 1. `inner`: how many characters after it
    the text of a scalar begins, if known."""

    file: str
    line: int = 0
    column: int = 0
    inner: int | None = None

    def within(self, offset: int) -> Place:
        """The place of the character at `offset` in the scalar at this place."""
        if self.inner is None:
            return self
        return Place(self.file, self.line, self.column + self.inner + offset)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


Trail = tuple[tuple[str, Place], ...]
"""The uses that led to the thing with the mistake (name and place of each use), the innermost use first."""


@dataclass(frozen=True)
class Mistake:
    """One sentence about one place."""

    place: Place
    message: str
    trail: Trail = ()

    @property
    def file(self) -> str:
        return self.place.file

    @property
    def line(self) -> int:
        return self.place.line

    @property
    def column(self) -> int:
        return self.place.column

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place.file else ""
        lines = [f"{where}{printable(self.message)}"]
        lines += [f"  in `{printable(what)}`, {place}" for what, place in self.trail]
        return "\n".join(lines)


class SpecError(Exception):
    """All mistakes of a spec, in the order of the file; each sentence about a place once."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = in_order(mistakes)
        shown = [str(mistake) for mistake in self.mistakes[:MOST_SHOWN]]
        if len(self.mistakes) > MOST_SHOWN:
            shown.append(f"… and {len(self.mistakes) - MOST_SHOWN} more")
        super().__init__("\n".join(shown))


def in_order(mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """Sorted by place; each sentence at a place once."""
    distinct: dict[tuple[Place, str], Mistake] = {}
    for mistake in mistakes:
        distinct.setdefault((mistake.place, mistake.message), mistake)
    return tuple(sorted(distinct.values(), key=lambda mistake: (mistake.file, mistake.line, mistake.column)))


def printable(text: str) -> str:
    """The sentence, fit for one screen: without control characters, and cut if it is too long."""
    clean = "".join(sign if sign.isprintable() else "�" for sign in text)
    return clean if len(clean) <= _LONGEST_SENTENCE else f"{clean[: _LONGEST_SENTENCE - 1]}…"


def short(text: object) -> str:
    """A quotation of the user's text, at most 40 characters."""
    word = str(text)
    return word if len(word) <= 40 else f"{word[:39]}…"


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """`; did you mean `kernel`?`, or an empty text."""
    from difflib import get_close_matches

    close = get_close_matches(word[:64], list(words), n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""
