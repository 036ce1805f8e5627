"""Owns text in columns on the terminal: nothing is ever cut or folded inside a word, and a pipe gets one line a row.

It refuses to know what it prints. Standard library and click alone: `parity show` must not wait for more.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

GAP = 2


def width() -> int | None:
    """Columns of the terminal; None where stdout is none, and lines may be as long as they are."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int], wide: int | None) -> Iterator[str]:
    """A line a row, the headings first. right: places of the columns of numbers.

    Where the rows are wider than `wide`, the first column gives way: a name longer than what is left stands on a line of its
    own, whole, above its row.
    """
    lines, numbers = [tuple(headings), *map(tuple, rows)], frozenset(right)
    sizes = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if wide is not None:
        sizes[0] = min(sizes[0], max(len(headings[0]), wide - sum(sizes[1:]) - GAP * (len(sizes) - 1)))
    for first, *others in lines:
        if len(first) > sizes[0]:
            yield first
            first = ""  # noqa: PLW2901 - its column stays empty in the line below it
        cells = [
            cell.rjust(size) if place in numbers else cell.ljust(size)
            for place, (cell, size) in enumerate(zip((first, *others), sizes, strict=True))
        ]
        yield (" " * GAP).join(cells).rstrip()


def hanging(text: str, indent: int, wide: int | None) -> str:
    """A text whose further lines, if it needs any, begin behind `indent` columns."""
    if wide is None or len(text) <= wide:
        return text
    return textwrap.fill(text, wide, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
