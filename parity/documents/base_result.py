"""Owns what every result of `import parity` can do: one line, a table in a notebook, a frame of pandas, JSON.

It refuses to know what a result holds: each class gives its heading and its table.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from parity.documents import frames, html
from parity.documents.tables import DataTable

if TYPE_CHECKING:
    from pandas import DataFrame

LONGEST = 200
"""Characters of a result's one line, so that a notebook or a debugger shows it whole."""


class Told(ABC):
    """What a verb gives back in Python. `heading` says it in a sentence, `table` holds its rows."""

    @property
    @abstractmethod
    def heading(self) -> str:
        """What was found, in a sentence."""

    @property
    @abstractmethod
    def table(self) -> DataTable:
        """The rows that a notebook shows and a frame holds."""

    @property
    def exit_status(self) -> int:
        """What the command would end with: 0, 1 a difference, 3 incomplete, 5 nothing was selected."""
        return 0

    def __repr__(self) -> str:
        return one_line(self)

    def _repr_html_(self) -> str:
        return html.page(self.heading, self.table)

    def to_frame(self) -> DataFrame:
        """The table as a frame of pandas. Raises UsageError where pandas is not installed."""
        return frames.frame(self.table)

    def to_json(self, path: str | Path | None = None) -> str:
        """The result as JSON, as docs/results.schema.json describes it. path: it is written there too."""
        text = TypeAdapter(type(self)).dump_json(self, indent=1, by_alias=True).decode() + "\n"
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text


def one_line(record: Told) -> str:
    """`Checked: …`, at most LONGEST characters."""
    text = " ".join(f"{type(record).__name__}: {record.heading}".split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
