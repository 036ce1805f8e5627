"""What a name, a reason or a message smuggles in stays text: in every page of the site, its scripts and its tables."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from functools import cache

import pytest
import read_pages
import site_material

from parity import escaping
from parity.reporting.site import pages
from tests.tools.injected_texts import PAYLOADS, UNSEEN

HARMLESS = "harmless"


@cache
def built(text: str) -> Mapping[str, str]:
    return pages.built(site_material.with_text(text))


def shape(files: Mapping[str, str]) -> Counter[str]:
    """Elements with the names of their attributes, over all pages; file names may bear a sum of the text."""
    found: Counter[str] = Counter()
    for name, text in files.items():
        if name.endswith(".html"):
            found.update(f"{tag} {sorted(given)}" for tag, given in read_pages.read(text).attributes)
    return found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_page_gets_an_element_or_an_attribute_more(payload: str) -> None:
    text = PAYLOADS[payload]
    seen, meant = shape(built(text)), shape(built(HARMLESS))
    assert seen == meant, (seen - meant, meant - seen)
    for name, page in built(text).items():
        if name.endswith(".html"):
            assert not UNSEEN.search(page), name
            assert [one for one in read_pages.read(page).problems if "line" in one] == [], name


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_link_leads_to_own_pages_whatever_it_is_named_after(payload: str) -> None:
    for name, page in built(PAYLOADS[payload]).items():
        if name.endswith(".html"):
            for link in read_pages.read(page).links():
                assert ":" not in link.partition("#")[0].partition("/")[0] or link.startswith("https://arxiv.org/abs/"), (
                    name,
                    link,
                )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_file_of_the_site_stays_in_its_folder(payload: str) -> None:
    for name in built(PAYLOADS[payload]):
        assert ".." not in name.split("/") and not name.startswith("/") and name.isascii() and name.isprintable()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_script_of_data_is_one_value(payload: str) -> None:
    for name in ("search-data", "pick-data"):
        text = built(PAYLOADS[payload])[f"assets/{name}.js"]
        assert text.isascii() and "<" not in text and "\u2028" not in text
        head, _, value = text.partition(" = ")
        assert head in ("window.paritySearch", "window.parityPick") and value.endswith(";\n")
        json.loads(value.removesuffix(";\n"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_table_has_as_many_cells_and_no_formula(payload: str) -> None:
    for name in ("agreement", "atlas", "speed", "training"):
        rows = list(csv.reader(io.StringIO(built(PAYLOADS[payload])[f"data/{name}.csv"], newline="")))
        assert len({len(row) for row in rows}) == 1 and len(rows) > 1
        json.loads(built(PAYLOADS[payload])[f"data/{name}.json"])


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "  =1", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_compute_is_text(text: str) -> None:
    assert escaping.csv_cell(text).startswith("'")
    assert "\n" not in escaping.csv_cell(f"{text}\nx") and "\r" not in escaping.csv_cell(f"{text}\r\nx")


@pytest.mark.parametrize("text", ["-0.5", "-1, 2", "-1e-07", "plain", "−1"])
def test_a_number_stays_a_number(text: str) -> None:
    assert escaping.csv_cell(text) == text


def test_every_field_was_reached() -> None:
    """The text stands in every page: a field that is shown nowhere would hide what it can do."""
    assert all(HARMLESS in text for name, text in built(HARMLESS).items() if name.endswith(".html") and name != "methods.html")
