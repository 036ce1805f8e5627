"""A case that ran in one choice of precisions is taken over by another, and nothing that cannot be trusted is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from parity.execution import arrays as array_files
from parity.execution import records
from parity.execution.launcher import adopting
from parity.execution.records import Record

KEYS = {name: name * 64 for name in "abcd"}


def ran(folder: Path, name: str, outcome: str = "ran") -> None:
    folder.mkdir(exist_ok=True)
    stored = array_files.store(folder, KEYS[name], {"x": np.arange(3.0)}, "float64") if outcome == "ran" else None
    records.append(folder, Record(KEYS[name], f"case {name}", "torch", outcome, "float64", arrays=stored))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "torch-float64-float32", tmp_path / "torch-float64"


def test_final_records_come_with_their_arrays(folders: tuple[Path, Path]) -> None:
    out, other = folders
    ran(other, "a")
    ran(other, "b", "unsupported")
    assert adopting.adopt(out, KEYS.values(), [out, other]) == 2
    (one, two) = records.read(out).records
    assert (one.key, two.key) == (KEYS["a"], KEYS["b"]) and one.arrays is not None
    assert np.array_equal(array_files.load(out, one.arrays)["x"], np.arange(3.0))
    assert adopting.adopt(out, KEYS.values(), [out, other]) == 0


def test_what_crashed_or_was_not_asked_or_has_no_arrays_stays(folders: tuple[Path, Path]) -> None:
    out, other = folders
    for name, outcome in (("a", "crashed"), ("b", "ran"), ("c", "ran")):
        ran(other, name, outcome)
    (other / "arrays" / f"{KEYS['c']}.npz").unlink()
    assert adopting.adopt(out, [KEYS["a"], KEYS["c"]], [out, other]) == 0
    assert not records.read(out).records and not list(out.glob("arrays/*"))


def test_a_record_of_its_own_is_kept(folders: tuple[Path, Path]) -> None:
    out, other = folders
    ran(out, "a", "unsupported")
    ran(other, "a")
    assert adopting.adopt(out, KEYS.values(), [out, other]) == 0
    assert [record.outcome for record in records.read(out).records] == ["unsupported"]


def test_a_path_in_a_record_is_not_followed(folders: tuple[Path, Path], tmp_path: Path) -> None:
    out, other = folders
    other.mkdir()
    (tmp_path / "secret.npz").write_bytes(b"private")
    named = records.StoredArrays("../secret.npz", "0" * 64)
    records.append(other, Record(KEYS["a"], "case a", "torch", "ran", "float64", arrays=named))
    assert adopting.adopt(out, KEYS.values(), [out, other]) == 0
    assert not (out / "arrays").exists()
