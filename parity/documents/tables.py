"""Owns a table as data, and its one writer: Markdown, CSV, JSON, HTML come from the same rows. Pure.

It refuses to fold and to colour: a terminal does both (parity.verbs.terminal).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from parity import escaping

Cell = str | int | float | bool | None
SCHEMA_VERSION = 2
"""Of every document of JSON (parity/documents/results.py has its history)."""
FORMATS = ("table", "markdown", "csv", "json")


@dataclass(frozen=True, repr=False, config=ConfigDict(extra="forbid"))
class DataTable:
    """Columns and rows. verdict: the column whose words are verdicts, if there is one."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    verdict: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row has {len(row)} cells, and there are {len(self.columns)} columns")

    def __repr__(self) -> str:
        return f"DataTable: {len(self.rows)} rows of {', '.join(self.columns)}"[:200]

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> tuple[Cell, ...]:
        """The cells of a column, by its name."""
        place = self.columns.index(name)
        return tuple(row[place] for row in self.rows)


def text(cell: Cell) -> str:
    """A cell as it is read: nothing for None, a float with as many digits as it needs."""
    return "" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def numeric(table: DataTable) -> tuple[int, ...]:
    """The places of the columns that hold numbers alone, which stand at the right."""
    columns = []
    for place in range(len(table.columns)):
        cells = [row[place] for row in table.rows if row[place] not in (None, "")]
        if cells and all(isinstance(cell, (int, float)) and not isinstance(cell, bool) for cell in cells):
            columns.append(place)
    return tuple(columns)


def markdown(table: DataTable) -> str:
    """GitHub-flavoured Markdown."""
    right = numeric(table)
    lines = [[*table.columns], ["--:" if place in right else "---" for place in range(len(table.columns))]]
    lines[0] = [escaping.markdown(cell) for cell in lines[0]]
    lines += [[escaping.markdown(text(cell)) for cell in row] for row in table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def comma_separated(table: DataTable) -> str:
    """CSV with a line of headings. A cell that a spreadsheet would run as a formula begins with an apostrophe."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([_inert(cell) for cell in table.columns])
    writer.writerows([[_inert("" if cell is None else cell) for cell in row] for row in table.rows])
    return written.getvalue().rstrip("\n")


def _inert(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    line = escaping.visible(cell)
    return f"'{line}" if line.startswith(("=", "+", "@", "-")) and len(line) > 1 else line


def records(table: DataTable) -> list[dict[str, Cell]]:
    """A row as a mapping from the names of the columns."""
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def as_json(verb: str, table: DataTable) -> str:
    """The rows as a document of docs/results.schema.json."""
    document = {"schema_version": SCHEMA_VERSION, "verb": verb, "columns": table.columns, "rows": records(table)}
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)


def narrowed(table: DataTable, columns: Sequence[str]) -> DataTable:
    """The same rows with these columns alone."""
    places = [table.columns.index(name) for name in columns]
    return DataTable(tuple(columns), tuple(tuple(row[place] for place in places) for row in table.rows), table.verdict)
