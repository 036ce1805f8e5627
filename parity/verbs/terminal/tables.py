"""Owns `--format`: the one way from a table's rows to Markdown, CSV and JSON on stdout; a row is never folded.

It refuses the format `table`: each verb lays its own rows out for a terminal.
"""

from __future__ import annotations

from parity.documents import tables
from parity.documents.tables import DataTable
from parity.verbs import terminal


def write(table: DataTable, how: str, verb: str) -> None:
    """Prints the rows. how: markdown, csv or json; verb: the command, for JSON."""
    if how == "json":
        terminal.say(tables.as_json(verb, table))
        return
    terminal.say(tables.markdown(table) if how == "markdown" else tables.comma_separated(table))
