"""Owns text in columns on the terminal. Words are never cut or folded, and a pipe gets one line per row.

It refuses to know what it prints. It loads only the standard library and click, so that `parity show` starts fast.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

GAP = 2


def width() -> int | None:
    """Number of columns of the terminal; None if stdout is no terminal, so that lines may have any length."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int], wide: int | None) -> Iterator[str]:
    """One line per row, the headings first. right: indices of the columns that hold numbers.

    If rows are wider than `wide`, the first column is narrowed: a name that is longer than the rest of the line allows stands
    whole on a line of its own, above its row.
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
    """A text folded at `wide` columns; its further lines are indented."""
    if wide is None or len(text) <= wide:
        return text
    return textwrap.fill(text, wide, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
