"""What `parity compare` knows without a framework: layouts, maps, draws, verdicts, causes, from structures made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.cli import status
from parity.comparing import (
    code_causes,
    departures,
    layer_causes,
    layer_mapping,
    layouts,
    mapfile,
    model_structure,
    random_arrays,
    recognized_activations,
    tensor_pairs,
)
from parity.comparing.layer_mapping import Unmappable
from parity.comparing.layouts import Placement
from parity.comparing.model_structure import Structure
from parity.comparing.rerun_interface import Reruns
from parity.comparing.tensor_pairs import Side, alike
from parity.execution.own_model.layers import Call, OwnLayer, Weight
from parity.execution.own_model.nesting import Slot, put_together, taken_apart
from parity.spec import source

NUMBERS = np.random.RandomState(0)
PLACEMENTS = {
    "as it is": Placement("w", (7, 5)),
    "matrix": Placement("w", (5, 7), "i o -> o i"),
    "image kernel": Placement("w", (3, 2, 5, 7), "h w i o -> o i h w"),
    "depthwise": Placement("w", (3, 2, 5, 7), "h w i m -> (i m) 1 h w"),
    "heads": Placement("w", (11, 2, 3), "i h d -> (h d) i"),
    "rows": Placement("w", (6, 5), rows=(2, 4)),
    "second bias": Placement("w", (2, 12), "1 o -> o", rows=(1, 2)),
    "gates": Placement("w", (8, 5), gates="i f g o"),
    "turned gates": Placement("w", (5, 12), "i o -> o i", gates="z r n"),
    "flattened": Placement("w", (30, 7), "i o -> o i", image=(2, 3, 5)),
    "reshaped": Placement("w", (7, 30), "i o -> o i", reshaped=(2, 3, 5)),
    "a reshaped row's bias": Placement("w", (30,), reshaped=(2, 3, 5)),
}


@pytest.mark.parametrize("name", PLACEMENTS)
def test_writing_what_was_read_changes_nothing(name: str) -> None:
    placement = PLACEMENTS[name]
    native = NUMBERS.standard_normal(placement.shape)
    neutral = placement.read(native)
    assert neutral.shape == placement.neutral
    assert np.array_equal(placement.write(neutral, native), native)
    assert np.array_equal(placement.read(placement.write(2 * neutral, native)), 2 * neutral)


def test_a_layout_says_where_an_element_goes() -> None:
    native = NUMBERS.standard_normal((3, 2, 5, 7))
    assert layouts.rearranged(native, "h w i o -> o i h w")[6, 4, 2, 1] == native[2, 1, 4, 6]
    assert layouts.rearranged(native, "h w i m -> (i m) 1 h w")[4 * 7 + 6, 0, 2, 1] == native[2, 1, 4, 6]
    gates = Placement("w", (4, 1), gates="z r n o")
    assert gates.read(np.arange(4.0)[:, None])[:, 0].tolist() == [2, 3, 1, 0]  # n o r z
    image = Placement("w", (6, 1), "i o -> o i", image=(1, 3, 2))
    assert image.read(np.arange(6.0)[:, None])[0].tolist() == [0, 2, 4, 1, 3, 5]  # the first channel, then the second


@pytest.mark.parametrize("layout", ["i o", "i o -> o", "i o -> o o", "i -> (i j)"])
def test_what_is_no_layout_is_refused(layout: str) -> None:
    with pytest.raises(ValueError, match="is no layout"):
        layouts.sides(layout)


def dense(name: str, size: int, units: int, turned: bool = False, kind: str = "dense") -> OwnLayer:
    shape, layout = ((size, units), "i o -> o i") if turned else ((units, size), "o i -> o i")
    weights = Weight("kernel", f"{name}.kernel", shape, layout), Weight("bias", f"{name}.bias", (units,))
    return OwnLayer(name, kind, kind.title(), {}, weights)


def model(label: str, *leaves: OwnLayer, channels: str = "first") -> Structure:
    calls = tuple(Call(leaf.name, ((3, 5),), ((3, 5),)) for leaf in leaves)
    return Structure(label, leaves, calls, ((3, 5),), channels)


RELU = OwnLayer("relu", "relu", "ReLU", {}, ())


def test_layers_are_matched_by_shape_and_order() -> None:
    ours = model("a", dense("one", 5, 7), dense("two", 7, 7), dense("three", 7, 7))
    theirs = model("b", dense("x", 7, 7, True), dense("y", 5, 7, True), dense("z", 7, 7, True))
    found = layer_mapping.automatic([ours, theirs])
    assert [match.leaves for match in found.matches] == [
        {"a": "one", "b": "y"},
        {"a": "two", "b": "x"},
        {"a": "three", "b": "z"},
    ]
    assert found.matches[0].weights["kernel"]["b"].layout == "i o -> o i"


def test_names_count_where_both_models_use_the_same() -> None:
    ours, theirs = model("a", dense("one", 7, 7), dense("two", 7, 7)), model("b", dense("two", 7, 7), dense("one", 7, 7))
    assert all(match.leaves["a"] == match.leaves["b"] for match in layer_mapping.automatic([ours, theirs]).matches)


def test_a_layer_of_the_users_own_is_matched_by_its_shapes() -> None:
    own = OwnLayer("own", "Own", "Own", {}, (Weight("w", "own.w", (5, 7)), Weight("b", "own.b", (7,))))
    (match,) = layer_mapping.automatic([model("a", dense("one", 5, 7)), model("b", own)]).matches
    assert {role: one["b"].native for role, one in match.weights.items()} == {"kernel": "own.w", "bias": "own.b"}
    assert match.weights["kernel"]["b"].neutral == (7, 5)


def test_what_has_no_counterpart_is_named_with_both_shapes() -> None:
    with pytest.raises(Unmappable) as raised:
        layer_mapping.automatic([model("a", dense("one", 5, 7), RELU), model("b", dense("other", 5, 11))])
    assert all(text in str(raised.value) for text in ("one (Dense): kernel (7, 5)", "other (Dense): kernel (11, 5)"))


def test_calls_between_mapped_layers_are_matched_and_dropout_is_passed_over() -> None:
    dropout = OwnLayer("dropout", "dropout", "Dropout", {"rate": 0.1}, ())
    ours = model("a", dense("one", 5, 7), RELU, dense("two", 7, 7))
    theirs = model("b", dense("x", 5, 7), dropout, RELU, dense("y", 7, 7))
    assert layer_mapping.calls(ours, theirs, layer_mapping.automatic([ours, theirs])) == [(0, 0), (1, 2), (2, 3)]


def test_a_map_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    models = [model("a", dense("one", 5, 7)), model("b", dense("x", 5, 7, True), channels="last")]
    found, path = layer_mapping.automatic(models), tmp_path / "map.yaml"
    path.write_text(mapfile.text(found, {"a": "torch=m:build", "b": "keras=m:build"}))
    document = source.read_file(path)
    assert not document.mistakes
    assert mapfile.parsed(document.table, models) == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer": {"a": "one"}}, "name one layer of each"),
        ({"layer": {"a": "one", "b": "none"}}, "b has no layer 'none'; it has x"),
        ({"weights": {"kernel": {"b": {"native": "none"}}}}, "x has no weight 'none'; it has x.kernel, x.bias"),
        ({"weights": {"kernel": {"a": {"native": "one.kernel"}, "b": {"native": "x.kernel"}}}}, "the neutral shapes differ"),
        ({"weights": {"bias": {"a": {"native": "one.bias", "gates": "i f g o"}}}}, "does not divide"),
    ],
)
def test_a_mistake_in_a_map_is_named(change: Mapping[str, Any], message: str) -> None:
    models = [model("a", dense("one", 5, 7)), model("b", dense("x", 5, 7, True))]
    with pytest.raises(ValueError, match=message):
        mapfile.parsed({"layers": [{"layer": {"a": "one", "b": "x"}, **change}]}, models)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("3x16", random_arrays.ComparedInput((3, 16))),
        ("3x7:0..99", random_arrays.ComparedInput((3, 7), "integer", 0, 99)),
        ("3x7:bool", random_arrays.ComparedInput((3, 7), "bool")),
        ("ids=3x7:0..99", random_arrays.ComparedInput((3, 7), "integer", 0, 99, "ids")),
        ("pair.0=3x7", random_arrays.ComparedInput((3, 7), name="pair.0")),
        ("a.b_1=3x7:bool", random_arrays.ComparedInput((3, 7), "bool", name="a.b_1")),
        ([3, 16], random_arrays.ComparedInput((3, 16))),
    ],
)
def test_an_input_is_said_in_a_word(text: Any, given: random_arrays.ComparedInput) -> None:
    assert random_arrays.parsed_input(text) == given


@pytest.mark.parametrize("text", ["", "3,16", "3x", "3x7:float", "ax3", "=3", "3=3x4", "a b=3x4", "a.=3", [], [3, "x"]])
def test_what_is_no_input_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="is no input"):
        random_arrays.parsed_input(text)


def test_both_models_get_the_same_numbers_and_a_second_bias_none() -> None:
    pair = Weight("recurrent_bias", "one.second", (7,))
    leaf = dense("one", 5, 7)
    models = [model("a", replace(leaf, weights=(*leaf.weights, pair))), model("b", dense("x", 5, 7, True))]
    found = layer_mapping.automatic(models)
    initial = {one.label: {w.native: np.zeros(w.shape) for leaf in one.leaves for w in leaf.weights} for one in models}
    drawn = random_arrays.weights(found, initial, "a", np.random.RandomState(1))
    assert np.array_equal(drawn["a"]["one.kernel"], drawn["b"]["x.kernel"].T)
    assert np.all(drawn["a"]["one.bias"] != 0)
    assert not np.any(drawn["a"]["one.second"])
    assert np.array_equal(drawn["a"]["one.kernel"].astype(np.float32), drawn["a"]["one.kernel"])


@pytest.mark.parametrize(
    "given", [random_arrays.ComparedInput((50, 4), "bool"), random_arrays.ComparedInput((50, 4), "integer", 0, 1)]
)
def test_a_mask_hides_something_and_never_everything(given: random_arrays.ComparedInput) -> None:
    (drawn,) = random_arrays.inputs([given], 2, np.random.RandomState(0))
    assert drawn.any(1).all() and not drawn.all(1).any()
    assert random_arrays.blank(given).all() and drawn.dtype == random_arrays.blank(given).dtype


def test_a_mask_of_one_column_hides_something() -> None:
    (drawn,) = random_arrays.inputs([random_arrays.ComparedInput((5, 1), "bool")], 2, np.random.RandomState(0))
    assert drawn.any() and not drawn.all()


def test_example_inputs_are_taken_as_they_are() -> None:
    numbers = np.random.RandomState(0).standard_normal((3, 4))
    given = random_arrays.example("x", numbers)
    (drawn,) = random_arrays.inputs([given], 2, np.random.RandomState(1))
    assert np.array_equal(drawn, numbers.astype(np.float32)) and random_arrays.blank(given) is given.values
    with pytest.raises(ValueError, match="x is of type <U1"):
        random_arrays.example("x", np.array(["a"]))


@pytest.mark.parametrize(
    ("left", "right", "fits"),
    [((3, 5), (3, 5), True), ((3, 5, 1, 1), (3, 5), True), ((3, 4, 5), (12, 5), True), ((3, 5), (3, 7), False)],
)
def test_outputs_in_one_shape(left: tuple[int, ...], right: tuple[int, ...], fits: bool) -> None:
    assert (alike(np.zeros(left), np.zeros(right), recurrent=False) is not None) == fits


def test_tensors_are_taken_out_of_nested_arguments_and_put_back() -> None:
    tensors: list[Any] = []
    nested = ((1.5, {"mask": 2.5, "training": True}), [3.5, None])
    skeleton = taken_apart(nested, lambda value: isinstance(value, float), tensors)
    assert skeleton[0][1]["mask"] == Slot(1)
    assert tensors == [1.5, 2.5, 3.5]
    assert put_together(skeleton, tensors) == nested


def test_images_stand_channels_first_and_go_back() -> None:
    answer = {
        "leaves": [{"name": "c", "kind": "conv2d", "written": "Conv2D", "settings": {"channels": "last"}, "weights": []}],
        "calls": [{"leaf": "c", "inputs": [[2, 5, 7, 3]], "outputs": [[2, 5, 7, 11]]}],
        "outputs": [[2, 5, 7, 11]],
    }
    structure, image = model_structure.read("keras", answer), NUMBERS.standard_normal((2, 5, 7, 3))
    assert structure.channels == "last"
    assert structure.neutral(image, 0).shape == (2, 3, 5, 7)
    assert np.array_equal(structure.native(structure.neutral(image, 0), 0), image)


def norm_side(taken: np.ndarray, kind: str = "batch_norm", channels: str = "first", epsilon: float = 0.0, **seen: Any) -> Side:
    """A model of one norm whose training pass took these numbers, or what `seen` says instead."""
    weights = (Weight("mean", "norm.mean", (2,)),)
    leaf = OwnLayer("norm", kind, "Norm", {"epsilon": epsilon, "channels": channels}, weights)
    structure = Structure("a", (leaf,), (Call("norm", (taken.shape,), (taken.shape,)),), (taken.shape,), channels)
    arrays = {"train/in/0/0": taken, "train/after/norm.mean": np.ones(2), "train/input_gradient/0": taken} | seen
    return Side(structure, {"float64": arrays, "float32": arrays}, {"norm.mean": np.zeros(2)})


def two_channels(*sizes: int) -> np.ndarray:
    """n = 16 numbers in each: 1 and 3, whose mean is two deviations (one with an epsilon of 3); 5 and -5, whose mean is 0."""
    pairs = np.array([[1.0, 3.0] * 8, [5.0, -5.0] * 8])
    return np.moveaxis(pairs.reshape(2, *sizes), 0, 1)


@pytest.mark.parametrize("sizes", [(16,), (4, 4), (2, 4, 2)])
@pytest.mark.parametrize("channels", ["first", "last"])
def test_the_sums_of_a_batch_norm_run_over_all_but_its_channels(sizes: Sequence[int], channels: str) -> None:
    """√16·(1 + 2), of rows, sequences and images."""
    taken = two_channels(*sizes)
    native = taken if channels == "first" else np.moveaxis(taken, 1, -1)
    (found,) = tensor_pairs.batch_norms(norm_side(native, channels=channels))
    assert found.sums == pytest.approx(12)
    (found,) = tensor_pairs.batch_norms(norm_side(native, channels=channels, epsilon=3.0))
    assert found.sums == pytest.approx(8)


@pytest.mark.parametrize("epsilons", [(0.0, 3.0), (3.0, 0.0)])
def test_an_input_s_gradient_knows_the_batch_norms_of_both_models(epsilons: tuple[float, float]) -> None:
    sides = [norm_side(two_channels(16), epsilon=epsilon) for epsilon in epsilons]
    (found,) = tensor_pairs.input_gradients(
        sides[0], sides[1], (tensor_pairs.batch_norms(sides[0]), tensor_pairs.batch_norms(sides[1]))
    )
    assert found.sums == pytest.approx(12)


@pytest.mark.parametrize(
    "side",
    [
        norm_side(two_channels(16), kind="dense"),
        norm_side(two_channels(16), **{"train/in/0/0": np.ones((3, 2))}),
        norm_side(two_channels(16), **{"train/after/norm.mean": np.zeros(2)}),
        norm_side(np.where(two_channels(16) == 5, np.inf, 1.0)),
        norm_side(np.ones((0, 2))),
    ],
    ids=["no norm", "another call", "frozen", "infinite", "empty"],
)
def test_what_takes_no_statistics_of_its_batch_has_no_sums(side: Side) -> None:
    assert tensor_pairs.batch_norms(side) == []


def test_a_norm_that_training_leaves_out_has_no_sums() -> None:
    side = norm_side(two_channels(16))
    assert len(tensor_pairs.batch_norms(side)) == 1
    kept = {name: array for name, array in side.seen["float64"].items() if name != "train/in/0/0"}
    assert tensor_pairs.batch_norms(replace(side, seen={"float64": kept})) == []


def test_a_weight_s_gradient_knows_the_batch_norms_that_it_came_back_through() -> None:
    """Layers before the norm, its own weights and layers behind it; a channel of 16 numbers and the mean 0: √16."""
    taken, weight = np.array([1.0, -1.0] * 8).reshape(16, 1), np.ones((1, 1))
    names = ("before", "norm", "behind")
    kinds = dict(zip(names, ("dense", "batch_norm", "dense"), strict=True))

    def side(label: str) -> Side:
        leaves = tuple(OwnLayer(name, kinds[name], name, {}, (Weight("kernel", name, (1, 1)),)) for name in names)
        calls = tuple(Call(name, ((16, 1),), ((16, 1),)) for name in names)
        seen = {f"train/{what}/{name}": weight for name in names for what in ("gradient", "after")} | {"train/in/1/0": taken}
        before = dict.fromkeys(names, weight)
        return Side(Structure(label, leaves, calls, ((16, 1),), "first"), {"float64": seen, "float32": seen}, before)

    sides = side("a"), side("b")
    _, gradients, updates = tensor_pairs.weights(
        *sides,
        layer_mapping.automatic([one.structure for one in sides]),
        (tensor_pairs.batch_norms(sides[0]), tensor_pairs.batch_norms(sides[1])),
    )
    for pairs in (gradients, updates):
        assert {pair.tensor: pair.sums for pair in pairs} == {"before kernel": 4.0, "norm kernel": 4.0, "behind kernel": 0.0}


def epsilon_sides(added: float) -> tuple[Side, Side, Any]:
    """Two models of one layer, y = x / sqrt(4 + epsilon); theirs adds `added` as well, which no setting explains."""
    x = NUMBERS.standard_normal((3, 5))

    def run(epsilon: float, x: np.ndarray, extra: float) -> np.ndarray:
        return x / np.sqrt(4 + epsilon) + extra

    def side(label: str, epsilon: float, extra: float) -> Side:
        leaf = OwnLayer("norm", "batch_norm", "Norm", {"epsilon": epsilon}, ())
        structure = Structure(label, (leaf,), (Call("norm", ((3, 5),), ((3, 5),)),), ((3, 5),), "first")
        return Side(structure, {"float64": {"eval/in/0/0": x, "eval/out/0/0": run(epsilon, x, extra)}}, {})

    def rerun(label: str, change: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        own, extra = {"a": (1e-5, 0.0), "b": (1e-3, added)}[label]
        return {"out/0": run(change["settings"].get("epsilon", own), arrays["in/0"], extra)}

    means = Reruns(rerun, lambda _, __: {}, lambda _: [])
    return side("a", 1e-5, 0.0), side("b", 1e-3, added), means


@pytest.mark.parametrize(("added", "count"), [(0.0, 1), (0.5, 0)])
def test_a_cause_is_named_only_if_it_stands_its_test(added: float, count: int) -> None:
    ours, theirs, means = epsilon_sides(added)
    departure = departures.first(ours, theirs, [(0, 0)], "eval", means)
    assert departure is not None
    assert departure.inherited == 0
    assert departure.added == pytest.approx(departure.error)
    named = layer_causes.tested(departure, layer_mapping.LayerMap({}, ())).causes
    assert len(named) == count
    assert all(cause.startswith("epsilon: 1e-05 in a norm (Norm), 0.001 in b norm (Norm)") for cause in named)


def test_an_activation_is_named_by_what_it_does() -> None:
    x = np.linspace(-7, 7, 24).reshape(4, 6)

    def side(label: str, name: str) -> Side:
        call = Call("act", (x.shape,), (x.shape,))
        structure = Structure(label, (OwnLayer("act", "gelu", "gelu", {}, ()),), (call,), (x.shape,), "first")
        return Side(structure, {"float64": {"eval/in/0/0": x, "eval/out/0/0": recognized_activations.ELEMENTWISE[name](x)}}, {})

    names = list(recognized_activations.ELEMENTWISE)
    means = Reruns(lambda *_: {}, lambda *_: {}, lambda _: [])
    for name in names[1:]:
        departure = departures.first(side("a", "none"), side("b", name), [(0, 0)], "eval", means)
        assert departure is not None and departure.trial is not None
        told = list(code_causes.own_activation(departure.trial, layer_mapping.LayerMap({}, ())))
        assert len(told) == 1 and f"none in a act (gelu), {name} in b act (gelu)" in told[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "torch=models:build"],
        ["compare", "torch=models", "torch=models:build"],
        ["compare", "caffe=models:build", "torch=models:build"],
        ["compare", "torch=a:b", "torch=a:b", "torch=a:b", "torch=a:b"],
    ],
    ids=["one model", "no function", "unknown framework", "four models"],
)
def test_wrong_usage_is_status_2(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert status(arguments) == 2
