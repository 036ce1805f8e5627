"""A model that fails is told with the user's lines, and with what to do where that is known."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from parity.execution.own_model import user_traceback


def error_of(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is told of a file that is imported."""
    (folder / "mine.py").write_text(text)
    monkeypatch.chdir(folder)
    spec = importlib.util.spec_from_file_location("mine", folder / "mine.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        return user_traceback.explained(error, "torch", "mine.py:build")
    raise AssertionError("the file is right")


def test_the_users_lines_are_shown_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = error_of(tmp_path, "import json\n\n\ndef read():\n    return json.loads('[')\n\n\nread()\n", monkeypatch)
    assert told.startswith("JSONDecodeError: Expecting value")
    assert f'File "{tmp_path}/mine.py", line 5, in read' in told and f'File "{tmp_path}/mine.py", line 8' in told
    assert set(re.findall(r'File "([^"]+)"', told)) == {
        f"{tmp_path}/mine.py",
        __file__,
    }  # this file imports it, as a user's may
    assert "raised in " in told and "json/decoder.py" in told


def test_an_error_that_led_to_another_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = error_of(
        tmp_path, "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('no') from e\n", monkeypatch
    )
    assert told.startswith("ValueError: no") and "ZeroDivisionError" in told


@pytest.mark.parametrize(
    ("module", "package"),
    [("no_such_timm", "no-such-timm"), ("no_such_timm.models", "no-such-timm"), ("sklearn", "scikit-learn")],
)
def test_a_package_that_lacks_is_told_with_the_command(
    module: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = error_of(tmp_path, f"import {module}\n", monkeypatch)
    assert f"`parity env add torch {package}`" in told and "PARITY_TORCH_PYTHON" in told


def test_a_file_that_lies_beside_the_model_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "mine.py").write_text("open('config.json')\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as raised:
        exec_file(folder / "mine.py")
    assert "lies beside the model: run the command in" in user_traceback.explained(
        raised.value, "torch", "models/mine.py:build"
    )


def exec_file(file: Path) -> None:
    spec = importlib.util.spec_from_file_location("mine", file)
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_what_cannot_be_parsed_names_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = error_of(tmp_path, "def broken(:\n", monkeypatch)
    assert "mine.py" in told and "line 1" in told and "SyntaxError" in told


def test_colours_of_a_message_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert error_of(tmp_path, "raise ValueError('\\x1b[1mbold\\x1b[0m')\n", monkeypatch).startswith("ValueError: bold\n")
