"""`parity atlas` shows each question with its name, keeps the advice of a named one, and knows which name was meant."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from parity.atlas.question import Answer, Question
from parity.cli import status
from parity.errors import UsageError
from parity.reporting.atlas import AtlasRow
from parity.verbs import atlas
from parity.verbs.atlas import chosen


def _rows(questions: Sequence[Question], frameworks: Sequence[str]) -> tuple[list[AtlasRow], dict[str, str]]:
    """Every framework answers its own name, but to questions about types, which all answer alike."""
    answers = {name: Answer(name, f"{name}.Thing(size)") for name in frameworks}
    alike = {name: Answer("1") for name in frameworks}
    rows = [
        AtlasRow(one.name, one.chapter, one.text, one.advice, alike if one.name.endswith("_type") else answers)
        for one in questions
    ]
    return rows, dict.fromkeys(frameworks, "1")


@pytest.fixture(autouse=True)
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frameworks are, but no worker starts."""
    monkeypatch.setattr(atlas, "ask", _rows)


@pytest.mark.parametrize("given", ["", "--framework torch", "--framework torch --framework keras"])
@pytest.mark.parametrize("terminal", [False, True])
def test_every_question_stands_beside_its_name(
    given: str, terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line says `--item NAME`: each name is shown, whole, though the terminal is narrow."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert status(["atlas", "--measure", "normalization", *given.split()]) == 0
    shown = capsys.readouterr().out
    assert [one.name for one in chosen("normalization", None) if one.name not in shown and not one.name.endswith("_type")] == []


def test_a_named_question_keeps_its_advice_between_two_frameworks(capsys: pytest.CaptureFixture[str]) -> None:
    (question,) = chosen(None, "rms_norm.epsilon")
    assert question.advice
    assert status(["atlas", "--measure", "--item", question.name, "--framework", "torch", "--framework", "keras"]) == 0
    assert question.advice in capsys.readouterr().out


def test_a_named_default_is_told_where_it_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["atlas", "--measure", "--item", "batch_norm.epsilon", "--framework", "torch", "--framework", "keras"]) == 0
    assert "in keras: keras.Thing(size='torch')" in capsys.readouterr().out


def test_a_named_question_is_shown_though_nothing_differs(capsys: pytest.CaptureFixture[str]) -> None:
    """Between two frameworks only what differs is listed, unless it was asked for by its name."""
    for given, shown in (["--item", "number.sum_type"], True), (["numerics"], False):
        assert status(["atlas", "--measure", *given, "--framework", "torch", "--framework", "keras"]) == 0
        assert ("number.sum_type" in capsys.readouterr().out) == shown


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("batch_norm.epsilom", "batch_norm.epsilon"),
        ("batchnorm", "batch_norm"),
        ("BatchNorm.epsilon", "batch_norm.epsilon"),
        ("batch norm epsilon", "batch_norm.epsilon"),
        ("batch-norm", "batch_norm"),
        ("maximum_second", "kink.maximum_second"),
        ("softmax.axes", "softmax.axis"),
        ("blank", "ctc.blank"),
        ("gru gate order", "lstm.gate_order"),
        ("Adam", "adam"),
    ],
)
def test_a_name_that_is_nearly_one_is_asked_about(word: str, meant: str) -> None:
    with pytest.raises(UsageError, match="did you mean") as raised:
        chosen(None, word)
    offered = str(raised.value).partition("did you mean ")[2].partition("?")[0].split(" or ")
    assert meant in offered and len(offered) <= 5


def test_what_resembles_nothing_is_no_suggestion() -> None:
    with pytest.raises(UsageError, match="no item `zzz`; `parity atlas` shows every name"):
        chosen(None, "zzz")
    with pytest.raises(UsageError, match="in the chapter losses"):
        chosen("losses", "batch_norm")


@pytest.mark.parametrize("word", ["batch_norm", "batch_norm.epsilon"])
def test_an_item_in_the_place_of_a_chapter_is_told_its_option(word: str) -> None:
    with pytest.raises(UsageError, match=f"parity atlas --item {word}"):
        chosen(word, None)
