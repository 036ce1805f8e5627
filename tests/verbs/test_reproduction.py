"""A reproduction runs by itself in the framework's interpreter, whatever lies beside the parity package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import parity
from parity.cli import status


def test_what_is_installed_beside_parity_does_not_shadow_the_frameworks_own_packages(
    tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    shutil.copytree(Path(parity.__file__).parent, site / "parity", ignore=shutil.ignore_patterns("__pycache__"))
    (site / "numpy").mkdir()
    (site / "numpy/__init__.py").write_text("raise ImportError('the numpy of the harness')\n")
    monkeypatch.setattr(parity, "__file__", str(site / "parity/__init__.py"))
    monkeypatch.chdir(fakes)
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    words = [
        "--realization",
        "torch=planted:Implementation",
        "--store",
        str(tmp_path / "store"),
        "-o",
        str(tmp_path / "out dir"),
    ]
    assert status(["bisect", "lenet", "--framework", "torch", *words]) == 1
    (file,) = (tmp_path / "out dir").glob("*.py")
    done = subprocess.run([sys.executable, "-E", str(file)], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1 and "found" in done.stdout, done.stderr
