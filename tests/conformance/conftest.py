"""Owns which files of this directory concern one framework alone; the others take the fixture `framework`."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.execution.frameworks import trains

ONLY = {"test_reference_against_torch.py": "torch", "test_onnx.py": "onnx"}
FORWARD = {"test_onnx.py", "test_weights.py"}
"""What a framework that runs forward only is tested by."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves a file out where other frameworks were asked for; named by its path alone it runs."""
    asked = config.getoption("--framework")
    if not asked or collection_path.is_dir():
        return None
    forward = not any(trains(name) for name in asked) and collection_path.name not in FORWARD
    return True if forward or ONLY.get(collection_path.name, asked[0]) not in asked else None
