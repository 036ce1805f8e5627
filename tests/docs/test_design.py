"""docs/design.md against the code: rooms, imports, words; and no file points to a document or module that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import framework_trees
import pytest
import room_imports

from parity.cli import CLOSED
from parity.execution.frameworks import FEATURES, TABLE
from parity.execution.records import OUTCOMES
from parity.judgement import agreement, verdicts
from parity.spec.cases import TASKS

ROOT = framework_trees.ROOT
DESIGN = (ROOT / "docs" / "design.md").read_text()
PACKAGE = ROOT / "parity"
HELD = ("execution", "judgement", "trials")
"""Rooms whose files the page names by their paths."""

POINTING = ("parity/**/*.py", "parity/**/*.yaml", "tests/**/*.py", "specs/**/*.md", "docs/**/*.md", "*.md", "*.toml", "*.ini")
PATH = re.compile(r"(?<![\w/.-])(?:parity|tests|specs|docs|reports)/[\w/.-]*\w\.(?:py|md|yaml|txt|json|html|toml)\b")
DOCUMENT = re.compile(r"(?<![\w/.<{}$*-])[\w-]+\.md\b(?!\.)")
MODULE = re.compile(r"(?<![\w.])(?:from|python -m|import) (parity(?:\.\w+)+)")
BESIDE = re.compile(r"(?<![\w/.<{}$*-])[a-z_]+\.py\b")
"""A file of the package by its bare name, in the package's own words and in the documents."""
MADE_UP = {"parity.new_room.module", "parity.x"}
"""Modules that tests/test_imports.py plants."""


def section(title: str) -> str:
    """The text below a heading of the page."""
    parts = {part.partition("\n")[0]: part for part in re.split(r"^## ", DESIGN, flags=re.MULTILINE)}
    return parts[title]


def first_column(title: str) -> list[str]:
    """The words of a table's first column, in order."""
    return [match.strip("`/ ") for match in re.findall(r"^\| ([^|]*) \|", section(title), re.MULTILINE)][1:]


def rooms() -> set[str]:
    """What stands in the package: implementations as NAME_impl, and the three processes of execution."""
    found = {f"execution/{name}" for name in room_imports.PROCESSES}
    for path in PACKAGE.iterdir():
        if path.is_dir() and any(path.glob("*.py")):
            implementation = f"parity.{path.name}" in {entry.package for entry in TABLE.values()}
            found.add("NAME_impl" if implementation else path.name)
        elif path.suffix == ".py" and not path.name.startswith("__"):
            found.add(path.name)
    return found


def test_every_room_is_named_and_every_named_room_exists() -> None:
    named = first_column("Rooms")
    assert set(named) == rooms() and len(named) == len(set(named))
    top = [name for name in named if "/" not in name]
    assert top == sorted(top, key=str.lower)


def test_the_page_says_who_imports_whom() -> None:
    table = [line for line in section("Who may import whom").splitlines() if line.startswith("| `")]
    assert table == room_imports.lines()


@pytest.mark.parametrize("room", HELD)
def test_every_file_that_the_page_names_exists(room: str) -> None:
    named = set(re.findall(rf"`(?:parity/)?({room}/[\w/]*\.py)`", DESIGN))
    assert len(named) >= 3
    assert {name for name in named if not (PACKAGE / name).is_file()} == set()


def test_the_tables_hold_the_words_of_the_code() -> None:
    assert first_column("Verdicts") == list(verdicts.WORST_FIRST)
    for verdict, status in re.findall(r"^\| `(\w+)` \| [^|]+ \| (\d) \|$", section("Verdicts"), re.MULTILINE):
        assert verdicts.exit_status([verdict]) == int(status)
    assert first_column("Outcomes") == list(OUTCOMES) == list(verdicts.OUTCOMES)
    assert first_column("Exit statuses") == [*map(str, range(6)), "130", str(CLOSED)]
    assert all(f"`{word}`" in DESIGN for word in (*TASKS, *FEATURES))
    (quantities,) = re.findall(r"^\| quantity \| The kind of number that is compared: (.*)\. \|$", DESIGN, re.MULTILINE)
    assert all(re.search(rf"\b{word}\b", agreement.__doc__ or "") for word in quantities.split(", "))


def test_the_glossary_is_in_order_and_each_word_has_one_sentence() -> None:
    words = first_column("Glossary")
    assert words == sorted(words, key=str.lower) and len(words) == len(set(words)) >= 60
    for word, meaning in re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", section("Glossary"), re.MULTILINE)[2:]:
        assert meaning.endswith(".") and ". " not in meaning, word


def pointers(text: str) -> Iterator[str]:
    """Paths of the project, documents by their bare names, modules of the package."""
    yield from PATH.findall(text)
    yield from DOCUMENT.findall(text)
    yield from MODULE.findall(text)


def exists(pointer: str, file: Path) -> bool:
    """Whether a pointer that stands in the file leads anywhere."""
    if pointer.startswith("parity."):
        path = ROOT / Path(*pointer.split("."))
        return path.is_dir() or path.with_suffix(".py").is_file() or (pointer in MADE_UP and file.name == "test_imports.py")
    if "/" in pointer:
        return (ROOT / pointer).exists()
    return any((place / pointer).is_file() for place in (file.parent, ROOT, ROOT / "docs", ROOT / "reports", ROOT / "specs"))


def lost() -> list[str]:
    files = {file for pattern in POINTING for file in ROOT.glob(pattern)} - {Path(__file__).resolve()}
    known = {file.name for place in ("parity", "tests", "docs") for file in (ROOT / place).rglob("*.py")} | {"setup.py"}
    found = [(file, pointer) for file in files for pointer in pointers(file.read_text()) if not exists(pointer, file)]
    ours = [file for file in files if "tests" not in file.parts and file.suffix in (".py", ".md")]
    found += [(file, name) for file in ours for name in BESIDE.findall(file.read_text()) if name not in known]
    return sorted(f"{file.relative_to(ROOT)}: {pointer}" for file, pointer in found)


def test_no_file_points_to_what_does_not_exist() -> None:
    assert lost() == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see DESIGN.md, section 3", "DESIGN.md"),
        ("the table (`parity/execution/endings_of.py`)", "parity/execution/endings_of.py"),
        ("from parity.execution.implementations import load", "parity.execution.implementations"),
        ("python -m tests.tools.x and python -m parity.worker", "parity.worker"),
    ],
)
def test_a_pointer_into_nothing_is_seen(text: str, found: str) -> None:
    assert [pointer for pointer in pointers(text) if not exists(pointer, ROOT / "tests" / "x.py")] == [found]
