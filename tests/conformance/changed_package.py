"""Owns a framework of which something was changed: an interpreter that runs a line of code before everything else.

It refuses to touch the environment that it changes: the line stands in a folder of the test.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.execution.launcher import environments


def install(framework: str, change: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the framework's interpreter is one whose packages were changed. change: Python that runs as it starts."""
    real = environments.installed(framework).interpreter
    (place / "sitecustomize.py").write_text(change)
    changed = place / "python"
    changed.write_text(f'#!/bin/sh\nPYTHONPATH="{place}:$PYTHONPATH" exec "{real}" "$@"\n')
    changed.chmod(0o755)
    monkeypatch.setenv(environments.override_variable(framework), str(changed))
