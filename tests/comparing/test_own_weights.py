"""Models with their own weights, without a framework: two specs of the same layers, and arrays moved as ports move them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.errors import UsageError
from parity.judgement.verdicts import PASSING
from parity.verbs import compare as verb
from parity.verbs.compare import inputs, printing, spec_side, weight_options
from parity.verbs.compare.printing import ComparedModel, ComparedPair, lines
from parity.verbs.result_files import Places

HEAD = "name: {name}\nsource: made for this test\nfamily: convolutional\ninputs: {{image: {{shape: [3, 9, 8]}}}}\nlayers:\n"
LAYERS = [
    *("conv2d conv: {channels: 4, kernel: 3, stride: 2, padding: 1}", "batch_norm norm: {epsilon: 0.001, momentum: 0.875}"),
    *("leaky_relu: {slope: 0.125}", "flatten", "dense hidden: {units: 7}", "gelu", "dense out: {units: 7}", "softmax"),
]
Change = Callable[[dict[str, Any]], None]


def written(place: Path, name: str, layers: list[str]) -> str:
    path = place / f"{name}.yaml"
    path.write_text(HEAD.format(name=name) + "".join(f"  - {layer}\n" for layer in layers))
    return f"spec={path}"


def compared(place: Path, monkeypatch: pytest.MonkeyPatch, change: Change, second: list[str] = LAYERS) -> ComparedPair:
    """The first spec against the second, whose arrays are changed before anything runs."""
    made = spec_side.side

    def side(label: str, name: str, size: str) -> ComparedModel:
        model = made(label, name, size)
        if label.endswith("2"):
            for process in model.processes.values():
                change(process._answering.model.arrays)  # type: ignore[attr-defined]
        return model

    monkeypatch.setattr(spec_side, "side", side)
    monkeypatch.setattr(verb, "weights_of", lambda *_: "own")  # a spec's are parity's own, and the way is the same
    sides = [written(place, "first", LAYERS), written(place, "second", second)]
    (found,) = verb.compare(sides, map_path=place / "map.yaml")
    return found


def transposed(arrays: dict[str, Any]) -> None:
    arrays["out.kernel"] = arrays["out.kernel"].T.copy()


def rounded(arrays: dict[str, Any]) -> None:
    arrays["out.kernel"] = arrays["out.kernel"] * (1 + 2.0**-25)


def test_the_same_weights_agree_and_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(tmp_path, monkeypatch, rounded)
    told = "\n".join(lines(found))
    assert (found.verdict, found.weights) == ("agrees", "own"), told
    assert "ran with their own weights: all 10 arrays are the same but for float32's rounding" in told
    assert "with the same drawn weights in both they agree" in told
    assert {one.verdict for one in found.found if one.quantity == "weight"} == {"exact", "agrees"}


def test_an_array_that_was_moved_is_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(tmp_path, monkeypatch, transposed)
    told = "\n".join(lines(found))
    assert found.verdict == "differs", told
    assert found.departure is not None and found.departure.title == "out (dense)", told
    tested = "(tested: with the same weights in both the models agree)"
    assert found.departure.causes == (f"weights: out kernel: transposed in spec-2 {tested}",), told
    assert [one.tensor for one in found.found if one.quantity == "weight" and one.verdict not in PASSING] == ["out kernel"]


def test_the_code_is_not_excused_by_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where drawn weights differ too, that departure is told behind the arrays, and nothing is said to be tested."""
    other = [layer.replace("0.125}", "0.25}") for layer in LAYERS]
    told = "\n".join(lines(compared(tmp_path, monkeypatch, transposed, other)))
    assert "out kernel: transposed in spec-2" in told and "tested: with the same weights" not in told
    assert "with the same drawn weights in both they give differs too, first at leaky_relu" in told
    assert "departs further at leaky_relu" in told and "slope: 0.125 in spec-1" in told


MODELS = [("torch", "m:build"), ("keras", "m:build")]


def test_a_file_for_each_model(tmp_path: Path) -> None:
    (tmp_path / "a.pt").touch()
    assert weight_options.checkpoints_of(MODELS, [tmp_path / "a.pt", Path("-")]) == [tmp_path / "a.pt", None]
    assert weight_options.checkpoints_of([("spec", "lenet"), *MODELS[:1]], []) == [None, None]
    for files, told in (
        ([Path("-")], "1 files of weights for 2 models"),
        ([Path("x.pt"), Path("-")], "x.pt: there is no such file"),
    ):
        with pytest.raises(UsageError, match=told):
            weight_options.checkpoints_of(MODELS, files)
    (tmp_path / "a.pt.sha256").write_text(f"{'0' * 64}  a.pt\n")
    with pytest.raises(UsageError, match="ChecksumError"):
        weight_options.checkpoints_of(MODELS, [tmp_path / "a.pt", Path("-")])


@pytest.mark.parametrize(
    ("word", "files", "found"),
    [(None, [None, None], "drawn"), ("own", [None, None], "own"), (None, [Path("a"), None], "own"), ("drawn", [None], "drawn")],
)
def test_which_weights_run(word: str | None, files: list[Path | None], found: str) -> None:
    assert weight_options.weights_of(MODELS, word, files) == found


@pytest.mark.parametrize(
    ("sides", "word", "files", "told"),
    [
        (MODELS, "onw", [None], "there are no weights `onw`; there are drawn, own; did you mean `own`?"),
        (MODELS, "drawn", [Path("a")], "leave one of them out"),
        ([("spec", "lenet"), *MODELS], "own", [None], "a spec has no weights of its own"),
    ],
)
def test_weights_that_cannot_run(sides: list[tuple[str, str]], word: str, files: list[Path | None], told: str) -> None:
    with pytest.raises(UsageError, match=told.replace("?", r"\?")):
        weight_options.weights_of(sides, word, files)


def test_which_weights_ran_stands_in_the_first_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sides = [written(tmp_path, "first", LAYERS), written(tmp_path, "second", LAYERS)]
    verb.print_findings(verb.compare(sides, map_path=tmp_path / "map.yaml"), Places(tmp_path / "found.json"), 0)
    assert capsys.readouterr().out.startswith(printing.SPEC_WEIGHTS)
    assert '"weights": "drawn"' in (tmp_path / "found.json").read_text()


def test_inputs_of_a_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "named.npz", **{"batch/ids": np.array([[3, 7]]), "mask": np.array([[True, False]])})
    np.savez(tmp_path / "plain.npz", np.ones((2, 3)), np.zeros((2, 3), np.float32))
    ids, mask = inputs.of_file(tmp_path / "named.npz")
    assert (ids.name, ids.kind, ids.low, ids.high, ids.shape) == ("batch.ids", "integer", 3, 7, (1, 2))
    assert (mask.name, mask.kind) == ("mask", "bool")
    assert [one.name for one in inputs.of_file(tmp_path / "plain.npz")] == ["", ""]
    np.savez(tmp_path / "text.npz", words=np.array(["a"]))
    (tmp_path / "torn.npz").write_bytes(b"PK\3\4 no more")
    for name, told in (("text", "words is of type"), ("torn", "is no .npz or .npy file"), ("lacks", "there is no file")):
        with pytest.raises(UsageError, match=told):
            inputs.of_file(tmp_path / f"{name}.npz")


def test_a_file_of_inputs_is_what_the_models_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers, given = np.random.RandomState(0).standard_normal((4, 3, 9, 8)), []
    np.savez(tmp_path / "batch.npz", numbers)
    asking = spec_side.InProcess.ask

    def ask(process: Any, what: str, arrays: Any = None, **question: Any) -> Any:
        given.append((arrays or {}).get("input/0"))
        return asking(process, what, arrays, **question)

    monkeypatch.setattr(spec_side.InProcess, "ask", ask)
    sides = [written(tmp_path, "first", LAYERS), written(tmp_path, "second", LAYERS)]
    (found,) = verb.compare(sides, inputs_from=tmp_path / "batch.npz", map_path=tmp_path / "map.yaml")
    assert found.verdict == "agrees"
    assert {one is None or np.array_equal(one, numbers.astype(np.float32)) for one in given} == {True}
    assert sum(one is not None for one in given) >= 4
    with pytest.raises(UsageError, match="give one of them"):
        verb.compare(sides, inputs=["4x3x9x8"], inputs_from=tmp_path / "batch.npz")
