"""Weights without a framework: a lossy format is noticed, and a file that does not fit gets one clear message."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.errors import UsageError
from parity.execution.protocol import check_native
from parity.execution.worker import tasks
from parity.judgement.verdicts import worst
from parity.verbs import weights
from parity.verbs.weights import neutral as reading

GRAPH = weights.graph("mlp", "small")
FIRST = f"parameter/{GRAPH.parameters[0].name}"


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
    assert set(reading.read(neutral(tmp_path), GRAPH)) == {f"parameter/{one.name}" for one in GRAPH.parameters}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({FIRST: None}, "is missing"),
        ({"parameter/other": np.zeros(3)}, "is not one of"),
        ({FIRST: np.zeros(3)}, "the spec says"),
        ({"../../outside": np.zeros(3)}, "is not one of"),
        ({FIRST: np.full(GRAPH.parameters[0].shape, 0.1)}, "holds numbers that float32 does not"),
        ({FIRST: np.ones(GRAPH.parameters[0].shape, np.int64)}, "is of type int64"),
        ({FIRST: np.full(GRAPH.parameters[0].shape, None)}, "is of type object"),
    ],
)
def test_a_file_that_does_not_fit_is_said(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        reading.read(neutral(tmp_path, **changes), GRAPH)


def test_what_float32_holds_may_be_of_another_float_type(tmp_path: Path) -> None:
    numbers = np.full(GRAPH.parameters[0].shape, 0.5)
    numbers[0] = np.nan
    found = reading.read(neutral(tmp_path, **{FIRST: numbers}), GRAPH)[FIRST]
    assert found.dtype == np.float32 and np.array_equal(found, numbers, equal_nan=True)


@pytest.mark.parametrize("damage", ["text", "empty", "torn", "flipped", "header", "npy"])
def test_what_is_no_file_of_weights_is_said(tmp_path: Path, damage: str) -> None:
    path = neutral(tmp_path)
    whole = path.read_bytes()
    if damage == "npy":
        np.save(tmp_path / "weights.npy", np.zeros(3))
        path = tmp_path / "weights.npy"
    elif damage == "header":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{FIRST}.npy", b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f4',\n")
    else:
        at = len(whole) // 2
        flipped = whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]
        path.write_bytes({"text": b"no archive", "empty": b"", "torn": whole[:at], "flipped": flipped}[damage])
    with pytest.raises(UsageError, match=r"is no \.npz of weights: "):
        reading.read(path, GRAPH)


def test_native_arrays_are_neither_cast_nor_completed() -> None:
    own = {"weight": ((3, 5), "float32"), "bias": ((3,), "float32")}
    check_native("weights.pt", own, own)
    for given, told in (
        ({"weight": ((3, 5), "float32")}, "it lacks bias"),
        ({**own, "other": ((3,), "float32")}, "other is none of the model's"),
        ({**own, "bias": ((5,), "float32")}, r"bias has shape \(5,\)"),
        ({**own, "bias": ((3,), "float64")}, "and type float64"),
    ):
        with pytest.raises(ValueError, match=told):
            check_native("weights.pt", given, own)


class Loaded:
    """A realization of a format with the files of `names`, which remembers what it loaded."""

    def __init__(self, *names: str) -> None:
        self.names, self.loaded = names, list[dict[str, bytes]]()

    def save(self) -> dict[str, bytes]:
        return dict.fromkeys(self.names, b"")

    def load(self, files: dict[str, bytes]) -> None:
        self.loaded.append({name: files[name] for name in self.names})

    def parameters(self) -> dict[str, Any]:
        return {}

    def set_parameters(self, values: dict[str, Any]) -> None:
        pass


@pytest.mark.parametrize(
    ("names", "given"),
    [
        (("weights.pt",), {"resnet18.pt": "weights.pt"}),
        (("weights.pt",), {"resnet18-f37072fd.pth": "weights.pt"}),
        (("model.onnx", "model.json"), {"mine.json": "model.json", "mine.onnx": "model.onnx"}),
        (("phase0.weights.h5", "phase1.weights.h5"), {name: name for name in ("phase0.weights.h5", "phase1.weights.h5")}),
    ],
)
def test_a_file_of_weights_may_have_any_name_that_tells_it_apart(names: tuple[str, ...], given: dict[str, str]) -> None:
    realization = Loaded(*names)
    arrays = {f"native/{name}": np.frombuffer(name.encode(), np.uint8) for name in given}
    tasks.weights(realization, arrays)  # type: ignore[arg-type]
    assert realization.loaded[0] == {own: name.encode() for name, own in given.items()}


def test_a_file_that_a_format_of_several_lacks_is_named() -> None:
    arrays = {"native/phase0.weights.h5": np.zeros(1, np.uint8)}
    with pytest.raises(ValueError, match=r"lie in a file phase1\.weights\.h5, and there is phase0\.weights\.h5"):
        tasks.weights(Loaded("phase0.weights.h5", "phase1.weights.h5"), arrays)  # type: ignore[arg-type]
