"""Owns the line under a notebook's cell that shows how far a verb is: one line that is replaced, and gone at the end.

It refuses to import IPython where it does not run already.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from parity import escaping

SHELL = "ZMQInteractiveShell"
"""The class of IPython's shell behind a notebook; in a terminal it is another one."""
EVERY = 0.2
"""Seconds between two pictures of the line: a notebook draws it anew each time."""
PATIENCE = 1.0
"""Seconds before the first: short work shows no line."""


@dataclass
class NotebookLine:
    """How far a piece of work is. show: displays a text and its HTML, in the place of the one before. total: None where it is
    not known."""

    show: Callable[[str, str], None]
    description: str
    total: int | None
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    drawn: bool = False
    next: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.next = self.clock() + PATIENCE

    def advance(self, text: str = "") -> None:
        """Counts a part that is done."""
        self.done += 1
        if self.clock() >= self.next:
            self.draw(text)

    def draw(self, text: str = "") -> None:
        """Shows the line as it is now."""
        self.next, self.drawn = self.clock() + EVERY, True
        count = f"{self.done} of {self.total}" if self.total else str(self.done or "")
        told = " ".join(part for part in (self.description, count, text[:100]) if part)
        meter = f'<progress max="{self.total}" value="{min(self.done, self.total)}"></progress> ' if self.total else ""
        self.show(told, f"{meter}{escaping.html(told)}")

    def clear(self) -> None:
        """Leaves nothing under the cell."""
        if self.drawn:
            self.show("", "")


def line(description: str, total: int | None) -> NotebookLine | None:
    """The line of a piece of work; None where no notebook runs this."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    if type(shell).__name__ != SHELL:
        return None
    return NotebookLine(_shown_by(sys.modules["IPython.display"]), description, total)


def _shown_by(display: Any) -> Callable[[str, str], None]:
    """A display of its own, whose content each call replaces."""
    handle: list[Any] = []

    def show(text: str, html: str) -> None:
        content = {"text/plain": text, "text/html": html}
        if handle:
            handle[0].update(content, raw=True)
        else:
            handle.append(display.display(content, raw=True, display_id=True))

    return show
