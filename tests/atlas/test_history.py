"""`parity atlas FRAMEWORK --history`: each change is named and belongs to one release; answers to other questions are told."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from parity.atlas.chapters import QUESTIONS
from parity.atlas.question import Answer, Question
from parity.cli import status
from parity.execution.damaged_files import Damaged
from parity.execution.launcher import environments, overlays
from parity.execution.launcher.environments import Environment, Unavailable
from parity.reporting import history
from parity.reporting.atlas import AtlasRow
from parity.verbs import atlas
from parity.verbs.atlas import history as verb

TOLD = [("1.0", {"a.b": "1", "a.c": "x"}), ("1.1", {"a.b": "1", "a.c": "—"}), ("1.2", {"a.b": "2", "a.c": "x"})]


def test_a_change_belongs_to_the_release_that_brought_it() -> None:
    kept = history.of_answers("keras", {}, TOLD)
    first, *others = history.changes(kept)
    assert (first.release, first.before, first.question, first.old, first.new) == ("1.2", "1.1", "a.b", "1", "2")
    assert [(change.release, change.question, change.known) for change in others] == [
        ("1.2", "a.c", False),
        ("1.1", "a.c", False),
    ]
    assert [kept.answer("a.b", place) for place in range(3)] == ["1", "1", "2"]


def test_what_is_written_is_read_and_damage_is_refused(tmp_path: Path) -> None:
    kept = history.of_answers("keras", {"numpy": "2.4.6"}, TOLD)
    path = history.write([kept], "2026-12-01", tmp_path)
    (read,), day = history.read(path)
    assert day == "2026-12-01" and history.changes(read) == history.changes(kept)
    path.write_text(path.read_text(encoding="utf-8").replace('"1.2"', '"1.3"'), encoding="utf-8")
    with pytest.raises(Damaged, match="checksum"):
        history.read(path)


@pytest.mark.parametrize("texts", [[[1, "x"]], [[0, "x"], [3, "y"]], [], [[0, 1]], [[0, "x"], [0, "y"]]])
def test_places_that_no_release_has_are_refused(texts: object, tmp_path: Path) -> None:
    from parity.execution.damaged_files import checksummed

    told = {"keras": {"releases": ["1", "2", "3"], "beside": {}, "answers": {"a.b": texts}}}
    path = tmp_path / history.FILE
    path.write_text(json.dumps(checksummed({"format": 1, "made": "2026-12-01", "frameworks": told})), encoding="utf-8")
    with pytest.raises(Damaged, match="no places"):
        history.read(path)


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three releases, of which the second cannot be had; the answer to the first question is the asked interpreter."""
    asked: list[str] = []

    def interpreter(framework: str, release: str) -> Path:
        if release == "2":
            raise Unavailable("no wheel")
        return tmp_path / f"python-{release}"

    def ask(questions: Sequence[Question], frameworks: Sequence[str]) -> tuple[list[AtlasRow], dict[str, str]]:
        asked.append(os.environ["PARITY_KERAS_PYTHON"])
        rows = [AtlasRow(each.name, each.chapter, each.text, "", {"keras": Answer("same")}) for each in questions]
        first = rows[0]
        return [AtlasRow(first.name, first.chapter, first.text, "", {"keras": Answer(asked[-1][-1])}), *rows[1:]], {
            "keras": "x"
        }

    monkeypatch.delenv("PARITY_KERAS_PYTHON", raising=False)
    monkeypatch.setattr(verb, "RELEASES", {"keras": ("1", "2", "3")})
    monkeypatch.setattr(overlays, "interpreter", interpreter)
    monkeypatch.setattr(environments, "installed", lambda name: Environment(name, Path("x"), {"numpy": "2", "rich": "1"}))
    monkeypatch.setattr(atlas, "ask", ask)
    return asked


def test_every_release_is_asked_today_and_one_that_cannot_be_had_is_told(
    releases: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert status(["atlas", "keras", "--history", "-o", str(tmp_path)]) == 3
    shown = capfd.readouterr()
    assert "keras 2: no wheel" in shown.err and "PARITY_KERAS_PYTHON" not in os.environ
    assert [place[-1] for place in releases] == ["1", "3"]
    assert shown.out.splitlines()[1].startswith(f"3 (after 1) | {QUESTIONS[0].name} | ")
    (kept,), _ = history.read(tmp_path / "data" / history.FILE)
    assert kept.beside == {"numpy": "2"} and kept.releases == ("1", "3")


def test_the_record_that_travels_answers_without_a_framework(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path))
    assert status(["atlas", "keras", "--history", "--item", "muon"]) == 0
    shown = capfd.readouterr()
    assert "3.13.0 (after 3.12.4) | muon.weight_decay | muon: default weight decay | 0.1 -> 0.004" in shown.out
    assert "keras 3.10.0 to 3.15.1 (17 releases)" in shown.err and "today's" not in shown.err


def test_the_record_of_mxnet_answers_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path))
    assert status(["atlas", "mxnet", "--history", "--item", "gelu"]) == 0
    shown = capfd.readouterr()
    assert "1.8.0.post0 (after 1.7.0.post2) | gelu.form | gelu | the tanh form -> x·Φ(x) (erf)" in shown.out
    assert "mxnet 1.6.0 to 1.9.1 (6 releases)" in shown.err and "today's" not in shown.err


def test_a_framework_without_a_history_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["atlas", "torch", "--history"]) == 2
    assert "no history of torch; there is one of keras, mxnet" in capfd.readouterr().err


def test_other_questions_than_todays_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    history.write([history.of_answers("keras", {}, TOLD)], "2026-12-01", tmp_path)
    monkeypatch.setattr(verb, "_shipped", lambda: (tmp_path / history.FILE,))
    assert status(["atlas", "keras", "--history"]) == 0
    assert "other questions than today's: parity atlas keras --history --measure" in capfd.readouterr().err
