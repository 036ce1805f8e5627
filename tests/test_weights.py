"""Weights without a framework: a lossy format is noticed, and a file that does not fit gets one clear message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.execution import tasks
from parity.judgement.verdicts import worst
from parity.verbs import weights
from parity.verbs.errors import UsageError

GRAPH = weights.graph("mlp", "small")


class Shelf:
    """A realization that keeps arrays; `narrow` saves them with half the digits, `forgets` leaves one out."""

    def __init__(self, narrow: bool = False, forgets: str = "") -> None:
        self.values: dict[str, Any] = {}
        self.narrow, self.forgets = narrow, forgets

    def set_parameters(self, values: dict[str, Any]) -> None:
        self.values |= values

    def parameters(self) -> dict[str, Any]:
        return dict(self.values)

    def save(self) -> dict[str, bytes]:
        kind = np.float16 if self.narrow else np.float32
        return {name: array.astype(kind).tobytes() for name, array in self.values.items() if name != self.forgets}

    def load(self, files: dict[str, bytes]) -> None:
        kind = np.float16 if self.narrow else np.float32
        for name, content in files.items():
            self.values[name] = np.frombuffer(content, kind).astype(np.float32).reshape(self.values[name].shape)


def verdict(shelf: Shelf) -> str:
    trial = weights._drawn("mlp")
    found = tasks.weights(shelf, trial.arrays)  # type: ignore[arg-type]
    return worst(one.verdict for one in trial.judge(found))


def test_what_survives_is_exact_and_what_does_not_differs() -> None:
    assert verdict(Shelf()) == "exact"
    assert verdict(Shelf(narrow=True)) == "differs"
    assert verdict(Shelf(forgets=GRAPH.parameters[0].name)) == "differs"


def neutral(folder: Path, **changes: Any) -> Path:
    arrays = {f"parameter/{one.name}": np.zeros(one.shape, np.float32) for one in GRAPH.parameters} | changes
    np.savez(folder / "weights.npz", **{name: array for name, array in arrays.items() if array is not None})
    return folder / "weights.npz"


def test_a_neutral_file_that_fits_is_read(tmp_path: Path) -> None:
    assert set(weights.neutral(neutral(tmp_path), GRAPH)) == {f"parameter/{one.name}" for one in GRAPH.parameters}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({f"parameter/{GRAPH.parameters[0].name}": None}, "is missing"),
        ({"parameter/other": np.zeros(3)}, "is not one of"),
        ({f"parameter/{GRAPH.parameters[0].name}": np.zeros(3)}, "the spec says"),
    ],
)
def test_a_file_that_does_not_fit_is_said(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        weights.neutral(neutral(tmp_path, **changes), GRAPH)


def test_what_is_no_file_of_weights_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(UsageError, match=r"no \.npz"):
        weights.neutral(tmp_path / "text.npz", GRAPH)
    with pytest.raises(UsageError, match="no architecture"):
        weights.graph("adam", "small")
