"""Owns the output to the terminal: here, and nowhere else, every line and table of a verb is escaped.

It refuses to shorten and to decide. It loads only click until a table is shown, so that `parity show` starts fast.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import rich_click as click

from parity import escaping

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.segment import Segment


WIDEST = 10_000
"""Columns of a pipe: no table of parity is as wide."""
HEARD: ContextVar[list[str] | None] = ContextVar("HEARD", default=None)
"""Where lines go instead of stdout while Python listens (`heard`)."""


@contextmanager
def heard() -> Iterator[list[str]]:
    """Collects the lines that verbs say on stdout, for a function of `import parity`, which prints nothing."""
    lines: list[str] = []
    token = HEARD.set(lines)
    try:
        yield lines
    finally:
        HEARD.reset(token)


def say(text: object = "", *, error: bool = False, colour: str | None = None, bold: bool | None = None) -> None:
    """Prints lines of text on stdout (error: on stderr). Lines are never folded and never taken for markup."""
    write(styled(text, colour=colour, bold=bold), error=error)


def write(text: str, *, error: bool = False) -> None:
    """Lines that were made safe (`styled`), in the stream's own encoding: click would write UTF-8 to a terminal of ASCII.

    A pipe gets no colour, nor does anyone who has set NO_COLOR (no-color.org)."""
    lines = HEARD.get()
    if lines is not None and not error:
        lines.extend(click.unstyle(text).splitlines())
        return
    stream = sys.stderr if error else sys.stdout
    coloured = stream.isatty() and not os.environ.get("NO_COLOR")
    stream.write(f"{text if coloured else click.unstyle(text)}\n")
    stream.flush()


def styled(text: object, *, colour: str | None = None, bold: bool | None = None) -> str:
    """Text made safe, then styled; a pipe gets no style."""
    return click.style(escaping.terminal(text), fg=colour, bold=bold) if colour or bold else escaping.terminal(text)


def show(table: RenderableType, width: int | None = None) -> None:
    """Prints a table of rich on stdout. width: columns to use, if the table needs more than the terminal has; a pipe gets each
    row on one line."""
    console = console_of()
    if not console.is_terminal:
        console.width = WIDEST
    if width is not None:
        console.width = max(console.width, width)
    lines = HEARD.get()
    if lines is None:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    lines.extend(click.unstyle(captured.get()).splitlines())


def console_of(error: bool = False) -> Console:
    """A console of rich that escapes everything that it shows."""
    from rich.console import Console

    class Door:
        """The hook that rich calls before it shows something."""

        def process_renderables(self, renderables: list[Any]) -> list[Any]:
            return [_Escaped(renderable) for renderable in renderables]

    console = Console(stderr=error, emoji=False, highlight=False)
    console.push_render_hook(Door())  # type: ignore[arg-type]
    return console


class _Escaped:
    """A renderable in which every piece of text is made safe, and no line begins like a command to a log."""

    def __init__(self, inner: RenderableType) -> None:
        self.inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line: list[Segment] = []
        for segment in console.render(self.inner, options):
            for piece in _pieces(segment):
                line.append(piece)
                if piece.text.endswith("\n"):
                    yield from _guarded(line)
                    line = []
        yield from _guarded(line)


def _pieces(segment: Segment) -> Iterator[Segment]:
    """A segment, cut after each end of a line. Control segments, which come from rich itself, stay."""
    from rich.segment import Segment

    if segment.control:
        yield segment
        return
    for text in segment.text.splitlines(keepends=True) or [segment.text]:
        body = text.removesuffix("\n")
        yield Segment(escaping.visible(body) + text[len(body) :], segment.style)


def _guarded(line: list[Segment]) -> Iterator[Segment]:
    """A line, with a space before its first colon if a log would take it for a command."""
    from rich.segment import Segment

    whole = "".join(piece.text for piece in line if not piece.control)
    if escaping.github_log(whole) == whole:
        yield from line
        return
    yield from (piece for piece in line if piece.control)
    yield Segment(escaping.github_log(whole))
