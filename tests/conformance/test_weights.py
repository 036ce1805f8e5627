"""Weights of every architecture through the framework's own format, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from parity.errors import UsageError
from parity.execution.frameworks import trains
from parity.spec.expansion import expand
from parity.spec.specs import Architecture, load, names
from parity.verbs import weights


def test_every_architecture_survives_the_native_format(framework: str) -> None:
    judged = weights.round_trips(list(names("architectures")), [framework])
    if not trains(framework):  # what has layers in its training alone is no model that runs forward
        judged = [one for one in judged if one.trial.case.graph is None or one.trial.case.graph.nodes]
    assert [(one.trial.case.spec, one.verdict, one.record.reason) for one in judged if one.verdict != "exact"] == []


def test_neutral_to_native_to_neutral(framework: str, tmp_path: Path) -> None:
    spec = load("architectures/resnet18_small_images")
    assert isinstance(spec, Architecture)
    graph, numbers = expand(spec, "small"), np.random.RandomState(0)
    arrays = {f"parameter/{one.name}": numbers.standard_normal(one.shape).astype(np.float32) for one in graph.parameters}
    arrays |= {f"statistic/{one.name}": numbers.uniform(1, 2, one.shape).astype(np.float32) for one in graph.statistics}
    np.savez(tmp_path / "before.npz", **arrays)
    assert weights.to_native(spec.name, tmp_path / "before.npz", framework, tmp_path / "native", "small") == 0
    native = sorted((tmp_path / "native").iterdir())
    assert weights.to_neutral(spec.name, native, framework, tmp_path / "after.npz", "small") == 0
    with np.load(tmp_path / "after.npz") as after:
        assert set(after.files) == set(arrays)
        assert all(after[name].tobytes() == array.tobytes() for name, array in arrays.items())


@pytest.mark.parametrize("wrong", ["another architecture's", "torn"])
def test_a_native_file_that_does_not_fit_is_refused(framework: str, wrong: str, tmp_path: Path) -> None:
    natives = {}
    for name in ("mlp", "lenet"):
        graph = weights.graph(name, "small")
        arrays = {f"parameter/{one.name}": np.zeros(one.shape, np.float32) for one in graph.parameters}
        np.savez(tmp_path / f"{name}.npz", **arrays)
        assert weights.to_native(name, tmp_path / f"{name}.npz", framework, tmp_path / name, "small") == 0
        natives[name] = sorted((tmp_path / name).iterdir())
    if wrong == "torn":
        for path in natives["mlp"]:
            path.write_bytes(path.read_bytes()[:1000])
    given = natives["mlp" if wrong == "torn" else "lenet"]
    with pytest.raises(UsageError, match=f"^{framework}: \\w+Error") as told:
        weights.to_neutral("mlp", given, framework, tmp_path / "after.npz", "small")
    assert "Traceback" not in str(told.value)
    assert not (tmp_path / "after.npz").exists()


def test_what_parity_wrote_is_verified_and_other_files_are_told_of(
    framework: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph, numbers = weights.graph("mlp", "small"), np.random.RandomState(0)
    arrays = {f"parameter/{one.name}": numbers.standard_normal(one.shape).astype(np.float32) for one in graph.parameters}
    np.savez(tmp_path / "before.npz", **arrays)
    assert weights.to_native("mlp", tmp_path / "before.npz", framework, tmp_path / "native", "small") == 0
    written = sorted(path for path in (tmp_path / "native").iterdir() if path.suffix != ".sha256")
    number = arrays[f"parameter/{graph.parameters[0].name}"].ravel()[:1].tobytes()
    (path,) = (path for path in written if number in path.read_bytes())  # ONNX has a file beside the one with the weights
    whole, checksum = path.read_bytes(), path.with_name(f"{path.name}.sha256")
    place = whole.find(number)
    flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    path.write_bytes(flipped)
    with pytest.raises(UsageError, match="is the checksum of other bytes"):
        weights.to_neutral("mlp", written, framework, tmp_path / "after.npz", "small")
    path.write_bytes(whole)
    checksum.unlink()
    capsys.readouterr()
    assert weights.to_neutral("mlp", written, framework, tmp_path / "after.npz", "small") == 0
    assert "no checksum stands behind it" in capsys.readouterr().out


def test_weights_that_are_no_numbers_are_refused(framework: str, tmp_path: Path) -> None:
    graph = weights.graph("mlp", "small")
    arrays = {f"parameter/{one.name}": np.full(one.shape, np.inf, np.float32) for one in graph.parameters}
    np.savez(tmp_path / "before.npz", **arrays)
    assert weights.to_native("mlp", tmp_path / "before.npz", framework, tmp_path / "native", "small") == 0
    with pytest.raises(UsageError, match="holds NaN or infinity"):
        weights.to_neutral("mlp", sorted((tmp_path / "native").iterdir()), framework, tmp_path / "after.npz", "small")
