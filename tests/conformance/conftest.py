"""Owns which files of this directory concern one framework alone; the others take the fixture `framework`."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.execution.frameworks import ATLAS, FINGERPRINTS, OWN_MODELS, offers, trains

ONLY = {"test_reference_against_torch.py": "torch", "test_onnx.py": "onnx", "test_jax.py": "jax"}
FORWARD = {"test_onnx.py", "test_weights.py"}
"""What a framework that runs forward only is tested by."""

NEEDS = {
    **dict.fromkeys(("test_atlas.py", "test_advice_runs.py"), ATLAS),
    **dict.fromkeys(
        ("test_compared.py", "test_compared_code.py", "test_compared_layouts.py", "test_real_models.py"), OWN_MODELS
    ),
    **dict.fromkeys(("test_gaps.py", "test_native_objects.py", "test_native_optimizers.py"), FINGERPRINTS),
    **dict.fromkeys(("test_fingerprint_errors.py", "test_users_optimizers.py"), FINGERPRINTS),
}
"""File -> the feature that it is about."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves a file out where other frameworks were asked for; named by its path alone it runs."""
    asked = config.getoption("--framework")
    if not asked or collection_path.is_dir():
        return None
    forward = not any(trains(name) for name in asked) and collection_path.name not in FORWARD
    feature = NEEDS.get(collection_path.name)
    lacking = feature is not None and not any(offers(name, feature) for name in asked)
    return True if forward or lacking or ONLY.get(collection_path.name, asked[0]) not in asked else None
