"""Where channels stand, what feeds what, and what is said of it: structures and arrays made by hand, no framework."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.comparing import (
    broadcast_weights,
    connections,
    flatten_order,
    flattened_rows,
    float32_only,
    layer_mapping,
    model_outputs,
    model_structure,
    notes,
    random_arrays,
)
from parity.comparing.flattened_rows import FlattenedImage
from parity.comparing.judged_tensors import Pair, TensorVerdict
from parity.comparing.layouts import Placement
from parity.comparing.model_structure import Structure
from parity.comparing.tensor_pairs import Side
from parity.execution.own_model import tensor_sources
from parity.execution.own_model.layers import Call, OwnLayer, Weight
from parity.verbs.compare import report_lines, written_map

NUMBERS = np.random.RandomState(7)
IMAGE, ROW = NUMBERS.standard_normal((2, 3, 4, 5)), (2, 60)


def conv(channels: str, kind: str = "conv2d") -> OwnLayer:
    return OwnLayer("conv", kind, "Conv", {"channels": channels}, ())


def dense(size: int = 60, turned: bool = False) -> OwnLayer:
    shape, layout = ((size, 7), "i o -> o i") if turned else ((7, size), "o i -> o i")
    return OwnLayer("dense", "dense", "Dense", {}, (Weight("kernel", "dense.kernel", shape, layout),))


@pytest.mark.parametrize(
    ("made", "turn"),
    [
        (IMAGE, ""),
        (np.maximum(IMAGE, 0), ""),
        (np.moveaxis(IMAGE, 1, -1), "last"),
        (np.moveaxis(IMAGE, -1, 1), "first"),
        (np.moveaxis(IMAGE, 1, -1).reshape(2, -1), "last"),
    ],
)
def test_a_turned_tensor_is_still_known(made: np.ndarray, turn: str) -> None:
    calls = [Call("conv", ((2, 3, 4, 5),), ((2, 3, 4, 5),)), Call("dense", (made.shape,), ((2, 7),))]
    seen = {"in/0/0": IMAGE + 9, "out/0/0": IMAGE, "in/1/0": made, "out/1/0": made + 1, "output/0": made + 1}
    fed, exits = tensor_sources.traced_sources(calls, seen, [IMAGE + 9])
    assert (fed[0].sources, fed[1].sources, fed[1].turns) == ((-2,), (0,), (turn,))
    assert exits == [(1, "")]


def flattening(channels: str, turn: str, natural: bool = False) -> Structure:
    shape = (2, 3, 4, 5) if channels == "first" else (2, 4, 5, 3)
    calls = Call("conv", (shape,), (shape,), (-2,), ("",)), Call("dense", (ROW,), ((2, 7),), (0,), (turn,))
    leaves = conv(channels), dense(turned=channels == "last")
    return Structure(channels, leaves, calls, ((2, 7),), channels, (shape,), ((1, ""),), natural)


@pytest.mark.parametrize(
    ("channels", "turn", "order"),
    [("first", "", "first"), ("first", "last", "last"), ("last", "", "last"), ("last", "first", "first")],
)
def test_a_row_runs_through_its_image_as_the_numbers_say(channels: str, turn: str, order: str) -> None:
    assert flattened_rows.taken(flattening(channels, turn), 1) == FlattenedImage((4, 5, 3), order)
    assert flattened_rows.taken(flattening(channels, turn, natural=True), 1) == FlattenedImage((4, 5, 3), channels)


@pytest.mark.parametrize(("turn", "images"), [("", ((), (4, 5, 3))), ("last", ((4, 5, 3), (4, 5, 3)))])
def test_a_kernel_is_permuted_only_where_one_row_is(turn: str, images: tuple[tuple[int, ...], ...]) -> None:
    found = model_structure.together([flattening("first", turn), flattening("last", "")])
    (match,) = layer_mapping.automatic(found).matches
    assert tuple(match.weights["kernel"][label].image for label in ("first", "last")) == images
    told = [one for one in notes.of(*found, layer_mapping.automatic(found), _initial(found)) if "permuted" in one]
    assert len(told) == (turn == "")


def _initial(found: list[Structure]) -> dict[str, dict[str, Any]]:
    return {one.label: {"dense.kernel": np.zeros(one.leaf("dense").weights[0].shape)} for one in found}


def signal(channels: str, turn: str = "") -> Structure:
    taken = (2, 3, 9) if channels == "first" else (2, 9, 3)
    given = taken if not turn else (2, 9, 3) if channels == "first" else (2, 3, 9)
    relu = OwnLayer("relu", "relu", "ReLU", {}, ())
    calls = Call("conv", (taken,), (taken,), (-2,), (turn,)), Call("relu", (taken,), (taken,), (0,), ("",))
    return Structure(channels, (conv(channels, "conv1d"), relu), calls, (taken,), "first", (given,), ((1, ""),), natural=False)


@pytest.mark.parametrize(
    ("channels", "turn", "moves"), [("first", "", 0), ("last", "", 1), ("first", "swap", 1), ("last", "swap", 0)]
)
def test_a_signal_enters_as_the_first_layer_takes_it(channels: str, turn: str, moves: int) -> None:
    structure = signal(channels, turn)
    array = NUMBERS.standard_normal(structure.takes[0])
    neutral = structure.entering(0, array)
    assert neutral.shape == (2, 3, 9)
    assert np.array_equal(structure.entering(0, neutral, native=True), array)
    inside = NUMBERS.standard_normal(structure.calls[1].outputs[0])
    assert structure.neutral(inside, 1, gave=True).shape == (2, 3, 9)


def test_a_sequence_that_no_convolution_takes_stays_as_it_is() -> None:
    calls = (Call("lstm", ((2, 9, 3),), ((2, 9, 5),), (-2,), ("",)),)
    structure = Structure("a", (OwnLayer("lstm", "lstm", "LSTM", {}, ()),), calls, ((2, 9, 5),), "first", ((2, 9, 3),))
    assert structure.entering(0, np.zeros((2, 9, 3))).shape == (2, 9, 3)


def test_an_order_behind_a_function_is_told_by_the_numbers() -> None:
    """Whatever function lies between: the models' own rows are the same numbers, one with its channels last."""
    image = np.tanh(IMAGE)
    ours, theirs = flattening("first", ""), flattening("last", "")
    hidden = [replace(one, calls=(one.calls[0], replace(one.calls[1], sources=(-1,)))) for one in (ours, theirs)]
    last = np.moveaxis(image, 1, -1).reshape(2, -1)
    sides = [
        Side(one, {"float64": {"eval/in/0/0": array, "eval/in/1/0": last}}, {})
        for one, array in zip(hidden, (IMAGE, np.moveaxis(IMAGE, 1, -1)), strict=True)
    ]
    found = flatten_order.reordered_rows(*sides, [(0, 0), (1, 1)])
    assert found == {"first": {1: FlattenedImage((4, 5, 3), "last")}}
    wrong = Side(hidden[1], {"float64": {"eval/in/0/0": IMAGE, "eval/in/1/0": last + 1e-3}}, {})
    assert flatten_order.reordered_rows(sides[0], wrong, [(0, 0), (1, 1)]) == {}


@pytest.mark.parametrize(
    ("ours", "theirs", "neutral"),
    [((8,), (1, 1, 8), (8,)), ((8, 1, 1), (8,), (8,)), ((8,), (8, 6, 6), (8,)), ((1,), (7,), ()), ((8,), (7,), None)],
)
def test_weights_of_other_shapes_fit_where_one_is_spread(ours: Any, theirs: Any, neutral: Any) -> None:
    leaves = [OwnLayer("x", "prelu", "PReLU", {}, (Weight("slope", "w", shape),)) for shape in (ours, theirs)]
    assert broadcast_weights.roles(*leaves) == (neutral is not None)
    fitted = broadcast_weights.fitted({name: Placement("w", shape) for name, shape in (("a", ours), ("b", theirs))})
    if neutral is None:
        return
    assert [one.neutral for one in fitted.values()] == [neutral, neutral]
    value = NUMBERS.standard_normal(neutral)
    for one in fitted.values():
        native = one.write(value, np.zeros(one.shape))
        assert native.shape == one.shape
        assert np.array_equal(one.read(native), value)


def outputs(label: str, *shapes: tuple[int, ...]) -> Structure:
    return Structure(label, (), (), shapes, "first")


def test_another_number_of_outputs_is_a_finding_and_no_crash() -> None:
    one, two = outputs("a", (3, 1)), outputs("b", (3, 1), (3, 5))
    (found,) = model_outputs.differing(one, two)
    assert found.verdict == "differs"
    assert "a returns 1 ((3, 1)) and b returns 2 ((3, 1), (3, 5))" in found.reason
    losses = model_outputs.losses([one, two], random_arrays.losses(one, np.random.RandomState(0)))
    assert [loss.shape for loss in losses["b"]] == [(3, 1), (3, 5)]
    assert np.array_equal(losses["a"][0], losses["b"][0])
    assert not losses["b"][1].any()


def test_a_number_is_a_number_with_an_axis_or_without() -> None:
    structures_found = [outputs("a", ()), outputs("b", (1,))]
    losses = model_outputs.losses(structures_found, random_arrays.losses(structures_found[0], np.random.RandomState(0)))
    assert float(losses["a"][0]) == float(losses["b"][0][0]) != 0
    assert not model_outputs.differing(*structures_found)


def narrow(error: float) -> list[str]:
    wide = NUMBERS.standard_normal((3, 5))
    single = wide.astype(np.float32)
    off = single + np.float32(error)
    pair = Pair("forward", "output 0", 3, {"float64": wide, "float32": single}, {"float64": off, "float32": off})
    return [one.verdict for one in float32_only.judged([pair], {"a": {}, "b": {"float64": "no kernel"}})]


def test_without_float64_the_other_precision_is_judged() -> None:
    assert narrow(0.0) == ["unsupported", "agrees"]
    assert narrow(1e-3) == ["unsupported", "differs"]


def test_alike_reasons_stand_in_one_line_once() -> None:
    found = [
        TensorVerdict("forward", f"x{place}", dtype, "differs", reason="same") for place in range(5) for dtype in ("a", "b")
    ]
    told = list(report_lines.lines("one against other", None, found, ["a note"]))
    assert told[:3] == ["one against other", "    note: a note", "    x0, x1, x2 and 2 more: same"]
    assert len(told) == 4


def test_an_order_of_many_numbers_is_said_as_what_it_is() -> None:
    assert notes.permutation(np.arange(48).reshape(3, 16).T.reshape(-1).tolist()) == "(3, 16) against (16, 3)"
    assert notes.permutation(np.random.RandomState(0).permutation(48).tolist()) == ""


def test_a_map_that_a_person_edited_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "weights-map.yaml"
    assert written_map.write(path, "layers: []\n") == ""
    assert written_map.write(path, "layers: [1]\n") == ""  # nobody has touched it
    path.write_text(path.read_text().replace("[1]", "[2]"))
    edited = path.read_text()
    for _ in range(2):
        assert f"{path} was edited and stays as it is" in written_map.write(path, "layers: [3]\n")
        assert path.read_text() == edited
    assert (tmp_path / "weights-map.new.yaml").read_text().endswith("layers: [3]\n")


def test_a_map_of_a_person_s_own_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "weights-map.yaml"
    path.write_text("layers: [mine]\n")
    assert written_map.write(path, "layers: [3]\n")
    assert path.read_text() == "layers: [mine]\n"


@pytest.mark.parametrize("linked", [True, False])
def test_a_long_chain_is_paired_in_steps_that_grow_with_its_length(linked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 layers of one shape: what speaks for a pair is asked a few times for each layer, not for each two of them."""
    asked, count = list[int](), 200
    told = connections._told
    monkeypatch.setattr(connections, "_told", lambda *arguments: asked.append(1) or told(*arguments))
    names = [[f"{side}{place}" for place in range(count)] for side in "ab"]
    links = [
        connections.Links(
            {one: {each[place - 1]} if linked and place else set() for place, one in enumerate(each)},
            {one: {each[place + 1]} if linked and place + 1 < count else set() for place, one in enumerate(each)},
        )
        for each in names
    ]
    pairs: dict[str, str] = {}
    connections.pair([(names[0], names[1])], links[0], links[1], pairs)
    assert pairs == dict(zip(names[0], names[1], strict=True))
    assert len(asked) <= 4 * count


def test_a_signal_of_one_model_is_a_sequence_of_the_other_with_its_channels_last() -> None:
    """A convolution of width 1 over (channels, steps) is a dense layer over (steps, channels)."""
    leaf = OwnLayer("dense", "dense", "Dense", {}, ())
    calls = (Call("dense", ((2, 9, 3),), ((2, 9, 5),), (-2,), ("",)),)
    sequence = Structure("b", (leaf,), calls, ((2, 9, 5),), "first", ((2, 9, 3),))
    found = model_structure.together(model_structure.together([signal("first"), sequence]))
    shapes = [one.entering(0, np.zeros(one.takes[0])).shape for one in found]
    assert shapes == [(2, 3, 9), (2, 3, 9)]
    assert sequence.entering(0, np.zeros((2, 9, 3))).shape == (2, 9, 3)


@pytest.mark.parametrize(("order", "moves"), [((2, 1), 0), ((1, 2), 1)])
def test_a_signal_that_is_permuted_at_the_door_enters_as_what_takes_it_behind_says(order: tuple[int, int], moves: int) -> None:
    permute = OwnLayer("permute", "permute", "Permute", {"order": order}, ())
    enters, inside = ((2, 3, 9), (2, 9, 3)) if order == (2, 1) else ((2, 9, 3), (2, 9, 3))
    calls = Call("permute", (enters,), (inside,), (-2,), ("",)), Call("conv", (inside,), (inside,), (0,), ("",))
    structure = Structure("a", (permute, conv("last", "conv1d")), calls, (inside,), "first", (enters,), ((1, ""),))
    assert structure.entering(0, np.zeros(enters)).shape == (2, 3, 9)
    assert (structure.axes.taken[0] == "last") == bool(moves)
