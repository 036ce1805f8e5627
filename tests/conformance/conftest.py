"""Owns which files of this directory concern one framework alone; the others take the fixture `framework`."""

from __future__ import annotations

from pathlib import Path

import pytest

ONLY = {"test_reference_against_torch.py": "torch"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves a file out where other frameworks were asked for; named by its path alone it runs."""
    asked = config.getoption("--framework")
    return True if asked and ONLY.get(collection_path.name, asked[0]) not in asked else None
