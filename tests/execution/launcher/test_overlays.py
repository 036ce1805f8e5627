"""Another release of a package lies over an environment: it is imported first, the rest is the environment's, which stays."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from parity.execution.launcher import environments, overlays
from parity.execution.launcher.environments import Unavailable


def wheel(folder: Path, release: str) -> None:
    """A wheel of a package `keras` that says its release."""
    info = f"keras-{release}.dist-info"
    with zipfile.ZipFile(folder / f"keras-{release}-py3-none-any.whl", "w") as archive:
        archive.writestr("keras/__init__.py", f"__version__ = {release!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: keras\nVersion: {release}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with keras 2.0, and wheels of 1.0 and 2.0 in a folder."""
    for release in ("1.0", "2.0"):
        wheel(tmp_path, release)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path / "environments"))
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "below")], check=True)
    python = tmp_path / "below" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "keras==2.0"], check=True)
    monkeypatch.setenv("PARITY_KERAS_PYTHON", str(python))
    return python


def test_the_release_is_imported_and_told_and_the_environment_stays(below: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert overlays.interpreter("keras", "2.0") == below
    python = overlays.interpreter("keras", "1.0")
    said = subprocess.run(
        [str(python), "-c", "import keras; print(keras.__version__)"], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "1.0"
    assert environments.installed("keras").versions["keras"] == "2.0"
    monkeypatch.setenv("PARITY_KERAS_PYTHON", str(python))
    assert environments.installed("keras").versions["keras"] == "1.0"


def test_a_release_that_there_is_not_is_unavailable_and_leaves_no_interpreter(below: Path) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"keras==9\.9"):
            overlays.interpreter("keras", "9.9")
