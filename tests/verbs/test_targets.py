"""Models as they are named: what is typed wrongly is one sentence, before any process starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.errors import UsageError
from parity.verbs.terminal import target_arguments


def build() -> None: ...


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "model.py").write_text("class Net: ...\ndef build(): ...\n_hidden = 1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_target_is_taken_as_it_is_typed(folder: Path) -> None:
    typed = ["torch=nets/model.py:Net?hidden=3", "keras=a.b:build"]
    assert target_arguments.own_realizations(typed) == {"torch": "nets/model.py:Net?hidden=3", "keras": "a.b:build"}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("nets/model.py:Net", "is not of the form FRAMEWORK=PACKAGE.MODULE:NAME"),
        ("=a:b", "is not of the form"),
        ("torch=mine", "does not say what to build"),
        ("torch=nets/modle.py:Net", r"there is no file `nets/modle.py` in .*; did you mean `nets/model.py`\?"),
        ("torch=nets:Net?x", "`x` is no argument"),
        ("torch=nets/model.py", "behind a colon: nets/model.py:Net. It defines Net, build"),
        ("torch=nets/:Net", "is a folder: name a file in it"),
    ],
)
def test_what_says_nothing_is_one_sentence(folder: Path, typed: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as raised:
        target_arguments.own_realizations([typed])
    assert raised.value.status == 2


def test_a_function_is_named_by_its_file() -> None:
    assert target_arguments.typed(("torch", build)) == f"torch={__file__}:build"
    assert target_arguments.typed("torch=a:b") == "torch=a:b"
    with pytest.raises(UsageError, match="stands in no file at its top level"):
        target_arguments.typed(("torch", lambda: None))
