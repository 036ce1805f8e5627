"""The examples in the docstrings of `import parity` that need torch, as a user would type them, in one folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from python_examples import examples

HERE = ("weights_import", "weights_export", "weights_check", "compare", "fingerprint", "env_build")
"""In this order: the second reads what the first writes. `export` needs the environment of ONNX as well (test_onnx.py has its
command); api/test_python.py runs all others."""


def test_the_examples_run(framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if framework != "torch":
        pytest.skip("the examples are written for torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARITY_STORE", raising=False)
    monkeypatch.delenv("PARITY_FRAMEWORKS", raising=False)
    arrays = {f"parameter/{row[0]}": np.ones(row[1], np.float32) for row in _parameters()}
    np.savez("mlp.npz", **arrays)  # type: ignore[arg-type]
    examples(*HERE)


def _parameters() -> list[tuple[str, tuple[int, ...]]]:
    from parity.verbs.weights import graph

    return [(one.name, one.shape) for one in graph("mlp", "small").parameters]
