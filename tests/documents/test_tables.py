"""One table in every medium: Markdown, CSV, JSON, a notebook, a frame; what others wrote stays text in each of them."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from parity.documents import frames, html, tables
from parity.documents.table_results import Tabled
from parity.documents.tables import DataTable
from parity.errors import UsageError

WILD = DataTable(("name", "n"), (("a|b <script>", 1), ("=1+1\nx", None), ("-", 2.5)))


def test_markdown_keeps_a_row_a_line_and_numbers_at_the_right() -> None:
    lines = tables.markdown(WILD).splitlines()
    assert lines[:3] == ["| name | n |", "| --- | --: |", "| a\\|b &lt;script> | 1 |"]
    assert len(lines) == 5


def test_csv_is_read_back_and_holds_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(tables.comma_separated(WILD))))
    assert rows[1] == ["a|b <script>", "1"] and rows[2][0].startswith("'=1+1") and rows[3] == ["-", "2.5"]


def test_json_has_a_row_under_the_names_of_the_columns(fits: Callable[[str], str]) -> None:
    document = json.loads(fits(tables.as_json("list", WILD)))
    assert document["rows"][0] == {"name": "a|b <script>", "n": 1} and document["columns"] == ["name", "n"]


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a row has 1 cells, and there are 2 columns"):
        DataTable(("a", "b"), (("x",),))


def test_a_page_is_escaped_coloured_and_bounded() -> None:
    rows = tuple(("differs" if place else "agrees", "<img onerror=1>" * 50) for place in range(500))
    page = html.page("<h1>", DataTable(("verdict", "what"), rows, "verdict"))
    assert "<img" not in page and "<h1>" not in page and len(page) < 40_000
    assert page.count(html.COLOURS["bad"]) == html.MOST_ROWS - 1 and page.count(html.COLOURS["green"]) == 1
    assert "440 more rows" in page


def test_a_frame_needs_pandas_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Tabled("x", WILD)
    monkeypatch.setattr(frames, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pip install pandas"):
        told.to_frame()


def test_a_frame_has_a_row_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """pandas is no dependency of the tests: what it is asked is seen."""
    fake = SimpleNamespace(DataFrame=SimpleNamespace(from_records=lambda records, columns: (records, columns)))
    monkeypatch.setattr(frames, "find_spec", lambda _: True)
    monkeypatch.setitem(sys.modules, "pandas", fake)  # type: ignore[arg-type]
    records, columns = Tabled("x", WILD).to_frame()  # type: ignore[misc]
    assert columns == ["name", "n"] and len(records) == 3 and records[2] == {"name": "-", "n": 2.5}  # type: ignore[comparison-overlap]


def test_the_bad_rows_of_a_table_are_its_failures() -> None:
    told = Tabled("x", DataTable(("state", "name"), (("there", "a"), ("missing", "b")), "state"), 3, ("missing",))
    assert told.failures == (("missing", "b"),) and told.exit_status == 3 and Tabled("x", WILD).failures == ()
    assert len(repr(Tabled("long " * 100, WILD))) <= 200
