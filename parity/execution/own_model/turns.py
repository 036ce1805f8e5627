"""Owns which processes of a comparison live at the same time: all of them for small models, as many as fit for large ones.

A process that gave way is started anew when it is asked again, and first answers once more what it knew. It refuses to know
what an answer means, and to start a process itself: the caller hands over how.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

Array = npt.NDArray[Any]
LARGE = 1 << 26
"""Bytes of one answer from which on the processes of its comparison take turns: models of eight million numbers."""
TOGETHER = 2_000_000_000
"""Greatest number of bytes that the processes of large models may hold beside the one that is asked."""
GREEDY = "observe"
"""The question that takes several times a model's size. Large models are observed one at a time."""
KEPT = ("trace", "observe")
"""Questions whose last arrays a process must know again, in this order, before it can run one of its calls alone."""
KILOBYTE = 1024


class Talk(Protocol):
    """A conversation with one process (conversation.Conversation). process: its number, 0 if it is nobody's own."""

    process: int

    def ask(self, what: str, arrays: Mapping[str, Array] | None = None, **question: Any) -> tuple[Any, Mapping[str, Array]]: ...

    def __exit__(self, *_: object) -> None: ...


@dataclass
class Turns:
    """The processes of one comparison, the one that was asked last standing last. short: whether they are too large to live
    together."""

    living: list[InTurn] = field(default_factory=list)
    short: bool = False

    def take(self, asked: InTurn, what: str) -> None:
        """Before a question: of large models, those that were asked longest ago end until the others fit."""
        if asked in self.living:
            self.living.remove(asked)
        while self.short and self.living and (what == GREEDY or sum(each.held() for each in self.living) > TOGETHER):
            self.living.pop(0).rest()
        self.living.append(asked)


class InTurn:
    """A conversation whose process may be ended between two questions. Use it as a context."""

    def __init__(self, turns: Turns, start: Callable[[], Talk], dtype: str) -> None:
        self.dtype, self._turns, self._start = dtype, turns, start
        self._known: dict[str, tuple[Mapping[str, Array] | None, Mapping[str, Any]]] = {}
        self._talk: Talk | None = start()  # at once: several frameworks are imported at the same time
        turns.living.append(self)

    def __enter__(self) -> InTurn:
        return self

    def __exit__(self, *_: object) -> None:
        self.rest()

    def rest(self) -> None:
        """Ends the process, if it lives."""
        if self._talk is not None:
            self._talk.__exit__(None, None, None)
            self._talk = None

    def held(self) -> int:
        """Bytes of memory that the process holds now; 0 if that cannot be read."""
        try:
            told = Path(f"/proc/{self._talk.process}/smaps_rollup").read_text() if self._talk and self._talk.process else ""
        except OSError:
            return 0
        line = re.search(r"^Pss:\s+(\d+) kB", told, re.MULTILINE)
        return KILOBYTE * int(line[1]) if line else 0

    def ask(self, what: str, arrays: Mapping[str, Array] | None = None, **question: Any) -> tuple[Any, Mapping[str, Array]]:
        """The answer, of the process that lives or of a new one."""
        self._turns.take(self, what)
        if self._talk is None:
            self._talk = self._start()
            for asked in KEPT:
                if asked in self._known and asked != what:
                    again, words = self._known[asked]
                    self._talk.ask(asked, again, **words, untold=True)
        answer, found = self._talk.ask(what, arrays, **question)
        if what in KEPT:
            self._known[what] = arrays, question
        self._turns.short = self._turns.short or _size(found) > LARGE
        return answer, found


def _size(arrays: Mapping[str, Array]) -> int:
    """Bytes of an answer; LARGE and more for one that stays in its file."""
    if not isinstance(arrays, dict):
        return LARGE + 1
    return sum(array.nbytes for array in arrays.values())
