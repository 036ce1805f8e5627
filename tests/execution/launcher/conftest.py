"""A small framework, whose environments are built for real."""

from __future__ import annotations

from pathlib import Path

import pytest
from wheels import wheel

import parity
from parity.execution import frameworks
from parity.execution.frameworks import FrameworkEntry, Variant


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A framework `tiny` in the table, its environments below tmp_path. Returns its file of pins."""
    package = tmp_path / "parity"
    pins = package / "tiny_impl" / "requirements" / "tiny-cpu.txt"
    pins.parent.mkdir(parents=True)
    wheel(tmp_path, "1.0")
    pins.write_text(f"--no-index\n--find-links {tmp_path}\ntinyframework==1.0\n")
    monkeypatch.setitem(frameworks.TABLE, "tiny", FrameworkEntry("parity.tiny_impl", (Variant("tiny"), Variant("other"))))
    monkeypatch.setattr(parity, "__file__", str(package / "__init__.py"))
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.delenv("PARITY_TINY_PYTHON", raising=False)
    return pins
