"""A chapter of the atlas has the same file on every side: questions, each framework's answers, and the code of its advice.

Read from the source; nothing of a framework is imported.
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from parity.atlas import chapters, defaults
from parity.execution.frameworks import ATLAS, CHAPTERS, TABLE

PACKAGE = Path(__file__).parents[2] / "parity"
QUESTIONS = {name: {question.name for question in import_module(f"parity.atlas.{name}").QUESTIONS} for name in CHAPTERS}
QUESTIONS["measured_defaults"] = {question.name for question in defaults.QUESTIONS}
FOLDERS = [PACKAGE / entry.package.removeprefix("parity.") / "atlas" for entry in TABLE.values() if ATLAS in entry.features]
SHARED = {"__init__", "asking", "building", "defaults"}
"""Files beside the chapters."""


def keys(file: Path) -> set[str]:
    """The keys of the table at the end of a file, as they are written."""
    table = ast.parse(file.read_text(encoding="utf-8")).body[-1]
    assert isinstance(table, ast.AnnAssign) and isinstance(table.value, ast.Dict), file
    return {key.value for key in table.value.keys if isinstance(key, ast.Constant)}


def stray(file: Path) -> list[str]:
    """Entries whose question is asked in another file."""
    return sorted(key for key in keys(file) if key.partition("@")[0] not in QUESTIONS[file.stem])


def test_the_files_of_the_questions_are_the_whole_atlas() -> None:
    asked = [name for names in QUESTIONS.values() for name in names]
    assert sorted(asked) == sorted(question.name for question in chapters.QUESTIONS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_each_file_of_answers_is_named_like_its_questions(folder: Path) -> None:
    assert {file.stem for file in folder.glob("*.py")} - SHARED == set(QUESTIONS)
    assert [(name, stray(folder / f"{name}.py")) for name in QUESTIONS if stray(folder / f"{name}.py")] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_each_file_of_advice_is_named_like_its_questions(folder: Path) -> None:
    files = [file for file in sorted((folder / "remedies").glob("*.py")) if file.stem not in SHARED]
    assert {file.stem for file in files} <= set(CHAPTERS)
    assert [(file.stem, stray(file)) for file in files if stray(file)] == []


def test_an_answer_in_another_chapter_is_found(tmp_path: Path) -> None:
    file = tmp_path / "kinks.py"
    file.write_text('ANSWERS: dict[str, int] = {"kink.relu": 1, "huber.form": 2}\n', encoding="utf-8")
    assert stray(file) == ["huber.form"]
