"""The notebook runs from its first cell to its last, without any framework, and shows what stands in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import framework_trees
import pytest

NOTEBOOK = framework_trees.ROOT / "notebooks" / "first_difference.ipynb"
EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""
NEEDED = "frameworks"
"""The tag of a cell whose output needs torch and Keras."""


def cells(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def shown(cell: dict[str, Any]) -> list[Any]:
    """What a cell shows, without the number of its execution."""
    return [{key: value for key, value in output.items() if key != "execution_count"} for output in cell["outputs"]]


def test_the_committed_notebook_was_executed_and_is_short() -> None:
    told = json.dumps([shown(cell) for cell in cells(NOTEBOOK)])
    assert "61,706 parameters" in told and "text/html" in told and '"error"' not in told
    assert "0.001 in keras batch_normalization (BatchNormalization) (tested:" in told  # with both frameworks
    assert max(len(json.dumps(shown(cell))) for cell in cells(NOTEBOOK)) < 20_000
    assert str(Path.home()) not in told
    assert [cell["execution_count"] for cell in cells(NOTEBOOK)] == [*range(1, len(cells(NOTEBOOK)) + 1)]


def test_it_runs_without_a_framework_and_shows_the_same(tmp_path: Path) -> None:
    pytest.importorskip("nbclient", reason="the extra `notebook` is of the harness's tests alone")
    variables = {**os.environ, "PARITY_ENVIRONMENTS": str(tmp_path / "none"), "IPYTHONDIR": str(tmp_path)}
    command = [sys.executable, "-c", EXECUTE, str(NOTEBOOK), str(tmp_path / "out.ipynb")]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    for committed, run in zip(cells(NOTEBOOK), cells(tmp_path / "out.ipynb"), strict=True):
        if NEEDED not in committed["metadata"].get("tags", []) and not _asks(committed):
            assert shown(run) == shown(committed)


def _asks(cell: dict[str, Any]) -> bool:
    """Whether the cell asks which frameworks are built."""
    return "env_list" in "".join(cell["source"])
