"""Owns how a result looks in a notebook: a heading and a table, coloured by verdicts, escaped, and never longer than a page.

It refuses scripts and styles from elsewhere.
"""

from __future__ import annotations

from parity import escaping
from parity.documents.tables import Cell, DataTable, numeric, text
from parity.judgement.verdicts import GREEN, INCOMPLETE, PASSING, WORST_FIRST

MOST_ROWS = 60
LONGEST_CELL = 160
COLOURS = {"green": "#1a7f37", "passing": "#8a6100", "incomplete": "#57606a", "bad": "#b3261e"}
"""On white each has a contrast of more than 4.5 to 1."""


def colour(verdict: Cell) -> str:
    """The colour of a verdict's word, or nothing for any other word."""
    if not isinstance(verdict, str) or verdict not in WORST_FIRST:
        return ""
    if verdict in GREEN:
        return COLOURS["green"]
    return COLOURS["passing" if verdict in PASSING else "incomplete" if verdict in INCOMPLETE else "bad"]


def page(heading: str, table: DataTable) -> str:
    """A `<div>` with the heading and at most MOST_ROWS rows; how many are left out is said."""
    right = numeric(table)
    head = "".join(f"<th>{_cell(name)}</th>" for name in table.columns)
    body = "".join(_row(table, row, right) for row in table.rows[:MOST_ROWS])
    left = len(table.rows) - MOST_ROWS
    more = f"<p>… {left} more rows: <code>.to_frame()</code> or <code>.to_json()</code> has them all</p>" if left > 0 else ""
    rows = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if table.rows else ""
    return f"<div><p>{_cell(heading, 4 * LONGEST_CELL)}</p>{rows}{more}</div>"


def _row(table: DataTable, row: tuple[Cell, ...], right: tuple[int, ...]) -> str:
    cells = []
    for place, cell in enumerate(row):
        style = "text-align:right" if place in right else "text-align:left"
        if table.columns[place] == table.verdict and (hue := colour(cell)):
            style += f";color:{hue};font-weight:bold"
        cells.append(f'<td style="{style}">{_cell(text(cell))}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _cell(text: str, longest: int = LONGEST_CELL) -> str:
    return escaping.html(text if len(text) <= longest else f"{text[: longest - 1]}…")
