"""`parity atlas --for MODEL` keeps the rows of the layers that a model uses, and says where it cannot know them."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.atlas.chapters import QUESTIONS
from parity.cli import status
from parity.spec import specs
from parity.verbs.atlas import used
from parity.verbs.compare import used_kinds

KNOWN = {question.name.partition(".")[0] for question in QUESTIONS}


def items(capfd: pytest.CaptureFixture[str], *words: str) -> set[str]:
    assert status(["atlas", "torch", "keras", *words]) == 0
    return {line.split(" | ")[0].partition(".")[0] for line in capfd.readouterr().out.splitlines()}


@pytest.fixture(autouse=True)
def no_framework(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path))


def test_a_spec_keeps_its_ops_alone(capfd: pytest.CaptureFixture[str]) -> None:
    found = items(capfd, "--for", "resnet18")
    assert {"conv2d", "batch_norm", "dense"} <= found and not {"lstm", "gelu", "adam", "multi_head_attention"} & found
    assert "lstm" in items(capfd, "--for", "lstm_language_model")


def test_a_model_keeps_the_kinds_of_its_layers(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    def of_model(side: str, inputs: tuple[str, ...]) -> set[str]:
        asked.append((side, tuple(inputs)))
        return {"max_pool", "gelu", "MyOwnLayer"}

    monkeypatch.setattr(used_kinds, "of_model", of_model)
    assert items(capfd, "--for", "mine.model:build", "--inputs", "4x3x8x8") <= {"max_pool2d", "gelu"}
    assert items(capfd, "--for", "keras=mine:build?n=1") and asked == [
        ("torch=mine.model:build", ("4x3x8x8",)),
        ("keras=mine:build?n=1", ()),
    ]


def test_every_item_of_the_table_is_one_of_the_atlas() -> None:
    assert {item for items in used.ITEMS.values() for item in items} <= KNOWN


@pytest.mark.parametrize("name", specs.names("architectures"))
def test_every_architecture_has_rows(name: str) -> None:
    assert used.kept(QUESTIONS, name, (), ())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--for", "adam"), "no architecture and no model"),
        (("--for", "lenett"), "lenet"),
        (("--for", "torch=mine:build"), "parity env build torch"),
    ],
)
def test_a_model_that_cannot_be_had_is_told(words: tuple[str, ...], told: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["atlas", "torch", "keras", *words]) == 2
    assert told in capfd.readouterr().err


def test_a_model_of_no_framework_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["atlas", "--for", "mine:build"]) == 2
    assert "--for torch=mine:build" in capfd.readouterr().err
