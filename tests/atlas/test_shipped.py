"""`parity atlas torch keras` answers from what travels with parity, and asks where that does not do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from parity.atlas.chapters import QUESTIONS
from parity.atlas.question import Question
from parity.cli import status
from parity.execution.launcher import environments
from parity.reporting.atlas import AtlasRow
from parity.verbs import atlas
from parity.verbs.atlas import committed_answers

COMMITTED = json.loads((Path(__file__).parents[2] / "reports" / "data" / "atlas.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """No framework is installed. The frameworks that were asked all the same."""
    found: list[Sequence[str]] = []

    def ask(questions: Sequence[Question], frameworks: Sequence[str]) -> tuple[list[AtlasRow], dict[str, str]]:
        found.append(frameworks)
        return [], {}

    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setattr(atlas, "ask", ask)
    return found


def test_every_answer_travels() -> None:
    rows, versions = committed_answers.answers(QUESTIONS, ())
    assert versions == COMMITTED["versions"]
    found = {row["name"]: {name: one["text"] for name, one in row["answers"].items()} for row in COMMITTED["rows"]}
    assert {row.name: {name: one.text for name, one in row.answers.items()} for row in rows} == found


def test_two_frameworks_are_answered_without_either(asked: list[Sequence[str]], capfd: pytest.CaptureFixture[str]) -> None:
    """A pipe gets a line a question that differs, which begins with its name; how it was measured is no answer."""
    assert status(["atlas", "torch", "keras"]) == 0
    shown = capfd.readouterr()
    lines = shown.out.splitlines()
    assert "batch_norm.epsilon" in {line.split(" | ")[0] for line in lines}
    assert all(" | torch: ≠ " in line and " | keras: ≠ " in line for line in lines)
    versions = COMMITTED["versions"]
    assert f"measured with torch {versions['torch']}, keras {versions['keras']}; --measure asks" in shown.err
    assert asked == []


def test_a_chapter_and_frameworks_go_together(capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["atlas", "torch", "losses", "-f", "keras"]) == 0
    names = [line.split(" | ")[0] for line in capfd.readouterr().out.splitlines()]
    assert names and {one.chapter for one in QUESTIONS if one.name in names} == {"losses"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["torhc", "keras"], "did you mean `torch`?"),
        (["tensorflow"], "did you mean `keras`?"),
        (["normalisation"], "no chapter `normalisation`; there are: normalization, "),
        (["normalisation"], "did you mean `normalization`?"),
        (["losses", "numerics"], "losses and numerics are two chapters"),
        (["batch_norm", "torch"], "`batch_norm` is an item: parity atlas --item batch_norm"),
    ],
)
def test_a_word_that_is_neither_is_told(words: list[str], told: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["atlas", *words]) == 2
    assert told in capfd.readouterr().err


@pytest.mark.parametrize("version", ["0.1", ""])
def test_another_version_here_is_asked_itself(
    version: str, asked: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where the version cannot be told, what travels stands."""
    monkeypatch.setattr(environments, "stands", lambda name: name == "torch")
    monkeypatch.setattr(environments, "framework_version", lambda _: version)
    status(["atlas", "torch", "keras"])
    assert ("torch 0.1 is installed here" in capfd.readouterr().err) == bool(version)
    assert asked == ([["torch", "keras"]] if version else [])


def test_measure_asks_whatever_travels(asked: list[Sequence[str]]) -> None:
    status(["atlas", "torch", "--measure"])
    assert asked == [["torch"]]
