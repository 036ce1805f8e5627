"""The committed report follows from the committed results, byte for byte, and its data stay small."""

from __future__ import annotations

from pathlib import Path

from parity.reporting import pages, results
from parity.verbs import report

REPORTS = Path(__file__).parent.parent / "reports"


def test_every_file_of_the_report_follows_from_its_data() -> None:
    made = pages.rendered(results.read(REPORTS / "data"), REPORTS)
    changed = [str(path) for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert not changed, "run `parity report`"
    standing = {path for path in REPORTS.rglob("*") if path.is_file() and path.parent != REPORTS / "data"}
    assert standing == {*made, REPORTS / "atlas.md", REPORTS / "atlas.html"}  # the atlas has a test of its own


def test_a_changed_report_is_noticed(tmp_path: Path) -> None:
    found = results.read(REPORTS / "data")
    pages.write(found, tmp_path)
    assert report.main(REPORTS / "data", tmp_path, verify=True) == 0
    page = tmp_path / "index.html"
    page.write_text(page.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert report.main(REPORTS / "data", tmp_path, verify=True) == 1


def test_the_committed_data_are_small() -> None:
    assert sum(path.stat().st_size for path in (REPORTS / "data").iterdir()) < 20e6


def test_the_page_needs_no_network() -> None:
    text = (REPORTS / "index.html").read_text(encoding="utf-8")
    for word in ("src=", "@import", "url(http"):
        assert word not in text
    assert "https://" not in text.replace("https://vega.github.io", "") or "<link" not in text
