"""A group of arrays that stays in its file: the same names and numbers as a group in memory, and nothing kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from parity.execution import arrays
from parity.execution.own_model import stored


def test_a_group_in_a_file_reads_as_one_in_memory(tmp_path: Path) -> None:
    whole = {"weight/a/b": np.arange(5.0), "weight/c": np.ones((2, 3)), "weights": np.zeros(1), "input/0": np.zeros(2)}
    digest = arrays.write_npz(tmp_path / "x.npz", whole)
    memory, file = stored.of(whole, "weight"), stored.of(arrays.open_npz(tmp_path / "x.npz", digest), "weight")
    assert list(memory) == list(file) == ["a/b", "c"]
    assert len(file) == 2
    assert all(np.array_equal(memory[name], file[name]) for name in memory)
    assert file["c"] is not file["c"]
    assert "d" not in file
