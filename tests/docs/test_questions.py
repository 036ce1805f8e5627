"""docs/questions.md: its table follows from the declared features, and its list of variables from the source."""

from __future__ import annotations

import re

import command_table
import framework_trees
import pytest

from parity.execution import frameworks

ROOT = framework_trees.ROOT
PAGE = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
INNER = {"PARITY_KERAS_JAX_PYTHON", "PARITY_"}
"""An example of a docstring, and the beginning of all names."""


def test_the_table_of_commands_follows_from_the_declared_features(monkeypatch: pytest.MonkeyPatch) -> None:
    assert command_table.table() in PAGE, "run `python tests/tools/command_table.py`, and put what it prints into the page"
    monkeypatch.setitem(frameworks.TABLE, "torch", frameworks.TABLE["onnx"])
    assert command_table.table() not in PAGE


def test_every_variable_that_the_source_reads_is_listed() -> None:
    files = [*(ROOT / "parity").rglob("*.py"), ROOT / "tox.ini"]
    read = {name for file in files for name in re.findall(r"\bPARITY_[A-Z_]+(?![A-Z_0-9])", file.read_text(encoding="utf-8"))}
    listed = set(re.findall(r"`(PARITY_[A-Z_]+)`", PAGE))
    assert read - INNER <= listed
    interpreters = {f"PARITY_{name.upper()}_PYTHON" for name in frameworks.TABLE}
    assert interpreters <= listed
    assert listed - interpreters <= read


def test_every_link_within_the_pages_leads_to_a_heading() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "specs" / "README.md", *(ROOT / "docs").glob("*.md")]
    anchors = {page: set(map(anchor, headings(page.read_text(encoding="utf-8")))) for page in pages}
    for page in pages:
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if link.startswith("http"):
                continue
            place, _, name = link.partition("#")
            target = (page.parent / place).resolve() if place else page
            assert target.exists(), f"{page.name}: {link}"
            assert not name or name in anchors[target], f"{page.name}: {link}"


def headings(text: str) -> list[str]:
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^#+ (.*)$", outside, re.MULTILINE)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
