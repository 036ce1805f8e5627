"""What `parity compare` makes of the code between layers: values found again, steps that depart, draws, names, from numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from parity.comparing import (
    call_pair,
    code_causes,
    code_departures,
    code_reruns,
    code_sentences,
    departures,
    float32_only,
    layer_causes,
    layer_mapping,
    layer_output_causes,
    listed_settings,
    randomness,
    recognized_expressions,
    recognized_functions,
)
from parity.comparing.code_departures import CodePass, KnownValues, Step
from parity.comparing.judged_tensors import TensorVerdict
from parity.comparing.model_structure import Structure
from parity.comparing.rerun_interface import Reruns
from parity.comparing.tensor_pairs import Side
from parity.execution.own_model.layers import Call, OwnLayer

Array = npt.NDArray[np.float64]
NUMBERS = np.random.RandomState(3)
X = NUMBERS.standard_normal((3, 5))
IMAGES = NUMBERS.standard_normal((2, 3, 4, 6))
LIMIT = 1e-9


def step(number: int, name: str, taken: Sequence[Array], gave: Sequence[Array], **settings: Any) -> Step:
    return Step(number, name, settings, f"mine.py:{number}", f"{name}(…)", taken, gave)


def empty(label: str) -> Structure:
    return Structure(label, (), (), (), "first")


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (X.reshape(5, 3), True),
        (X.T, True),
        (X[:, None], True),
        (X + 1e-6, False),
        (X[::-1], False),
        (np.sort(X, axis=None).reshape(3, 5), False),
    ],
    ids=["reshaped", "transposed", "another axis", "a little off", "another order", "sorted"],
)
def test_a_value_is_found_again_in_whatever_layout_and_in_no_other_order(other: Array, found: bool) -> None:
    assert (KnownValues([other]).like(X) is not None) == found


def test_the_step_that_departs_took_common_values_and_gave_others() -> None:
    doubled, shifted = X * 2, X * 2 + 1
    own = CodePass(empty("a"), [step(0, "mul", [X], [doubled]), step(1, "add", [doubled], [shifted])], [X], {})
    found = code_departures.region(own, shifted, KnownValues([X]))
    assert [one.name for one in found.front] == ["mul"]
    assert [one.name for one in found.steps] == ["mul", "add"]
    found = code_departures.region(own, shifted, KnownValues([X, doubled]))
    assert [one.name for one in found.front] == ["add"]


def windows(image: Array, counts: bool) -> Array:
    padded = np.pad(image, [(0, 0), (0, 0), (1, 1), (1, 1)])
    ones = np.pad(np.ones_like(image), [(0, 0), (0, 0), (1, 1), (1, 1)], constant_values=float(counts))
    views = [np.lib.stride_tricks.sliding_window_view(one, (3, 3), (2, 3)).sum((-2, -1)) for one in (padded, ones)]
    return np.asarray(views[0] / views[1])


NAMED: Mapping[str, tuple[Array, Array]] = {
    "padding (0, 1), (0, 1) before and after each axis": (IMAGES, np.pad(IMAGES, [(0, 0), (0, 0), (0, 1), (0, 1)])),
    "padding (1, 0), (1, 0) before and after each axis": (IMAGES, np.pad(IMAGES, [(0, 0), (0, 0), (1, 0), (1, 0)])),
    "average pool 3, stride 1, padding (1, 1) that counts the padding": (IMAGES, windows(IMAGES, counts=True)),
    "average pool 3, stride 1, padding (1, 1) that counts no padding": (IMAGES, windows(IMAGES, counts=False)),
    "nearest resize": (IMAGES, IMAGES.repeat(2, 2).repeat(2, 3)),
    "normalized over axes (1,), epsilon 1e-05": (X, (X - X.mean(1, keepdims=True)) / np.sqrt(X.var(1, keepdims=True) + 1e-5)),
    "mean over axes (1,)": (X, X.mean(1)),
    "step taken along axis 1: the last": (IMAGES, IMAGES[:, -1]),
    "step taken along axis 1: the first": (IMAGES, IMAGES[:, 0]),
    "softplus (beta 2)": (X, np.logaddexp(2 * X, 0) / 2),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_step_is_named_by_what_it_makes_of_every_number(name: str) -> None:
    before, after = NAMED[name]
    assert recognized_functions.named(before, after, LIMIT) == name
    off = after.copy()
    off.flat[1] += 1e-3
    assert recognized_functions.named(before, off, LIMIT) != name


def side(label: str, **draws: Sequence[Mapping[str, Any]]) -> Side:
    return Side(empty(label), {}, {}, draws)


def draw(what: str, form: str = "element", rate: float | None = 0.3) -> Mapping[str, Any]:
    return {"what": what, "form": form, "rate": rate, "where": "mine.py:7", "call": 1}


DROPPED = [draw("dropout")]


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        (side("a", train=DROPPED), side("b", train=DROPPED), ""),
        (side("a", train=DROPPED), side("b", train=[draw("dropout", rate=0.5)]), "[0.3] in a and [0.5] in b"),
        (
            side("a", train=DROPPED),
            side("b", train=[draw("dropout", "channels")]),
            "[0.3 (element)] in a and [0.3 (channels)] in b",
        ),
        (side("a", train=DROPPED), side("b", train=[draw("draw", "uniform", None)]), ""),
        (
            side("a", eval=DROPPED),
            side("b", eval=[]),
            "a keeps dropout on in evaluation: 0.3 (element) at mine.py:7; b does not",
        ),
        (side("a"), side("b", eval=[draw("draw", "uniform", None)]), "b draws random numbers in evaluation: uniform"),
    ],
    ids=["equal", "rates", "kinds", "a mask by hand for a layer", "on in evaluation", "drawn in evaluation"],
)
def test_what_is_left_to_chance_otherwise_is_told(ours: Side, theirs: Side, told: str) -> None:
    found = [one for one in randomness.verdicts(ours, theirs) if one.verdict == "differs"]
    assert len(found) == bool(told)
    assert all(told in one.reason for one in found)


def test_dropout_that_both_keep_on_is_a_word_and_no_difference() -> None:
    (found,) = randomness.verdicts(side("a", eval=DROPPED), side("b", eval=DROPPED))
    assert found.verdict == "agrees" and "both models keep dropout on in evaluation (mine.py:7)" in found.reason


def layer_side(label: str, kind: str, taken: Array, gave: Array, **settings: Any) -> Side:
    leaf = OwnLayer("l", kind, kind, settings, ())
    structure = Structure(label, (leaf,), (Call("l", (taken.shape,), (gave.shape,)),), (gave.shape,), "first")
    arrays = {f"{mode}/{name}": one for mode in ("eval", "train") for name, one in (("in/0/0", taken), ("out/0/0", gave))}
    return Side(structure, {"float64": arrays, "float32": arrays}, {})


def test_a_batch_norm_that_stays_in_evaluation_is_frozen_and_inherits_nothing() -> None:
    """It took the same numbers, so what a run in the other mode gives is no inheritance."""
    batch, kept = X - X.mean(0), X - 0.5
    ours, theirs = layer_side("a", "batch_norm", X, batch), layer_side("b", "batch_norm", X, kept)

    def rerun(label: str, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        taken = arrays.get("in/0", X)
        return {"out/0": taken - taken.mean(0) if change.get("mode", label == "a") else taken - 0.5}

    means = Reruns(rerun, lambda *_: {}, lambda _: [])
    departure = departures.first(ours, theirs, [(0, 0)], "train", means)
    assert departure is not None and not departure.between and departure.trial is not None
    (cause,) = layer_causes.tested(departure, layer_mapping.LayerMap({}, ())).causes
    assert cause.startswith("frozen: while the model trains, b l (batch_norm) runs as in evaluation")


def gap(mine: Array, other: Array, ours: Side, theirs: Side, pairs: Sequence[tuple[int, int]] = ()) -> call_pair.Gap:
    means = Reruns(lambda *_: {}, lambda *_: {}, lambda _: [])
    return call_pair.Gap(ours, theirs, "eval", means, pairs, 1, 1, mine, other, ("a x", "b x"), lambda _: np.inf)


def test_a_factor_of_one_and_sorted_numbers_are_no_evidence() -> None:
    ours, theirs = layer_side("a", "dense", X, X), layer_side("b", "dense", X, X)
    assert not list(code_causes.scale(gap(X, X + 1e-14, ours, theirs)))
    begun = [np.pad(IMAGES, [(0, 0), (0, 0), one, one]) for one in ((0, 1), (1, 0))]
    assert not list(code_causes.order(gap(*begun, ours, theirs)))
    assert len(list(code_causes.order(gap(IMAGES, IMAGES.transpose(0, 1, 3, 2), ours, theirs)))) == 1


def test_a_place_without_a_counterpart_is_no_wiring() -> None:
    ours, theirs = layer_side("a", "Last", IMAGES, IMAGES[:, -1]), layer_side("b", "Lambda", IMAGES, IMAGES[:, 0])
    assert not list(recognized_expressions.wiring(gap(IMAGES[:, -1], IMAGES[:, 0], ours, theirs)))
    assert len(list(recognized_expressions.wiring(gap(IMAGES[:, -1], IMAGES, ours, ours, [(0, 0)])))) == 1


def test_layers_that_took_the_same_are_told_by_what_they_make() -> None:
    ours, theirs = layer_side("a", "Last", IMAGES, IMAGES[:, -1]), layer_side("b", "Lambda", IMAGES, IMAGES[:, 0])
    trial = call_pair.CallTrial(ours, theirs, 0, 0, "eval", gap(X, X, ours, theirs).means, LIMIT, [(0, 0)])
    (told,) = layer_output_causes.made(trial)
    assert "the last in a l (Last), step taken along axis 1: the first in b l (Lambda)" in told


def test_every_setting_that_differs_is_listed() -> None:
    ours = layer_side("a", "batch_norm", X, X, epsilon=1e-5, momentum=0.9)
    theirs = layer_side("b", "batch_norm", X, X, epsilon=1e-3, momentum=0.99)
    (found,) = listed_settings.settings(ours, theirs, [(0, 0)])
    assert found.reason == "epsilon 1e-05 in a, 0.001 in b; momentum 0.9 in a, 0.99 in b"
    near = layer_side("b", "batch_norm", X, X, epsilon=float(np.float32(1e-5)), momentum=0.9)
    assert not list(listed_settings.settings(ours, near, [(0, 0)]))


@pytest.mark.parametrize("explained", [True, False])
def test_a_step_is_named_only_if_with_its_numbers_nothing_departs(explained: bool) -> None:
    """Two models that square what a layer gave, the second after a softplus of another beta; `extra` hides behind it."""
    first, second = (np.logaddexp(beta * X, 0) / beta for beta in (1.0, 2.0))
    extra = 0.0 if explained else 0.25

    def functions(label: str, training: bool, between: tuple[int, int], given: Mapping[int, Array]) -> Any:
        beta, own, more = (1.0, first, 0.0) if label == "a" else (2.0, second, extra)
        made = given.get(0, own)
        told = {"number": 0, "name": "softplus", "settings": {"beta": beta, "input": "in0"}, "where": "", "code": "", "call": 1}
        arrays = {"function/0/in/0": X, "function/0/out/0": made, "in/0/0": X, "out/0/0": X, "in/1/0": made + more}
        return [{**told, "taken": 1, "gave": 1}], arrays

    sides = [layer_side(label, "dense", X, X) for label in "ab"]
    for one in sides:
        leaf = one.structure.leaves[0]
        call = one.structure.calls[0]
        object.__setattr__(
            one, "structure", Structure(one.structure.label, (leaf,), (call, call), one.structure.outputs, "first")
        )
    means = Reruns(lambda *_: {}, lambda *_: {}, lambda _: [X], functions)
    made = gap(first, second + extra, sides[0], sides[1])
    told = list(code_reruns.between(call_pair.Gap(**{**vars(made), "means": means})))
    assert len(told) == explained
    assert all(one.startswith("softplus: beta 1.0 in a, 2.0 in b") for one in told)


@pytest.mark.parametrize(("evaluation", "verdict", "left"), [(False, "unsupported", ["forward"]), (True, "mistrusted", [])])
def test_a_model_that_differs_from_itself_is_judged_where_it_does_not(evaluation: bool, verdict: str, left: list[str]) -> None:
    found = [
        TensorVerdict(quantity, "output 0", "float64", "differs") for quantity in ("forward", "forward_training", "gradient")
    ]
    kept = randomness.without(found, ["a"], evaluation)
    assert [one.quantity for one in kept[:-1]] == left
    assert kept[-1].verdict == verdict and kept[-1].reason.startswith("a differs from itself")


@pytest.mark.parametrize(("name", "count"), [("UpSampling2D", 1), ("Dense", 0)])
def test_a_resize_whose_numbers_float32_holds_is_a_framework_s_own_way(name: str, count: int) -> None:
    exact = IMAGES.repeat(2, 2)
    ours, theirs = (
        layer_side("a", "upsample", IMAGES, exact),
        layer_side("b", name, IMAGES, exact.astype(np.float32).astype(float)),
    )
    trial = call_pair.CallTrial(ours, theirs, 0, 0, "eval", gap(X, X, ours, theirs).means, LIMIT, [(0, 0)])
    told = list(layer_output_causes.held_by_layer(trial))
    assert len(told) == count
    assert all(one.startswith("precision: the numbers of b l (UpSampling2D) are held in float32") for one in told)


@pytest.mark.parametrize("other_wise", [True, False])
def test_time_taken_for_batch_is_told_where_the_other_way_agrees(other_wise: bool) -> None:
    steps = NUMBERS.standard_normal((3, 4, 5))
    ours = layer_side("a", "lstm", steps, steps.cumsum(1), time_major=False)
    theirs = layer_side("b", "lstm", steps, steps.cumsum(0), time_major=True)

    def rerun(label: str, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        axis = 0 if change["settings"].get("time_major", True) else 1
        return {"out/0": arrays["in/0"].cumsum(axis) * (1 if other_wise else 2)}

    means = Reruns(rerun, lambda *_: {}, lambda _: [])
    told = list(layer_output_causes.time_for_batch(call_pair.CallTrial(ours, theirs, 0, 0, "eval", means, LIMIT, [(0, 0)])))
    assert len(told) == other_wise
    assert all("(batch, time, …) in a l (lstm), as (time, batch, …) in b l (lstm)" in one for one in told)


def test_layers_of_one_kind_that_give_different_counts_depart() -> None:
    ours, theirs = layer_side("a", "conv2d", IMAGES, IMAGES), layer_side("b", "conv2d", IMAGES, IMAGES[:, :, ::2])
    departure = departures.first(ours, theirs, [(0, 0)], "eval", gap(X, X, ours, theirs).means)
    assert departure is not None and departure.error == np.inf and not departure.between


@pytest.mark.parametrize(("kind", "told"), [("PReLU", 1), ("Linear", 0)])
@pytest.mark.parametrize("off", [0.0, 1e-3])
def test_negative_numbers_in_float32_are_a_frameworks_own_way(kind: str, told: int, off: float) -> None:
    right = np.where(X > 0, X, 0.3 * X)
    held = np.where(X > 0, X, (0.3 * X).astype(np.float32)) + off * (X < 0)
    ours, theirs = layer_side("a", kind, X, right), layer_side("b", kind, X, held)
    trial = call_pair.CallTrial(ours, theirs, 0, 0, "eval", gap(X, X, ours, theirs).means, LIMIT, [(0, 0)])
    assert len(list(layer_output_causes.held_by_layer(trial))) == (told if not off else 0)


@pytest.mark.parametrize(
    ("name", "taken", "gave", "told"),
    [
        ("to", np.float64, np.float32, True),
        ("softmax", np.float64, np.float32, True),
        ("mul", np.float32, np.float32, False),
        ("ResizeBilinear", np.float64, np.float32, False),
        ("to", np.float32, np.float64, False),
    ],
)
def test_a_cast_by_hand_is_told_with_its_line(name: str, taken: Any, gave: Any, told: bool) -> None:
    answer = [{"number": 3, "name": name, "where": "mine.py:7", "code": "y = x.float()"}]
    reason = float32_only.cast(answer, {"function/3/in/0": X.astype(taken), "function/3/out/0": X.astype(gave)})
    assert reason == ("`y = x.float()` (mine.py:7) gives float32 where float64 was asked for" if told else "")


@pytest.mark.parametrize("settings", [{}, {"eps": 2}])
def test_functions_in_another_order_are_told_where_they_are_the_same(settings: dict[str, int]) -> None:
    shrunk, other = np.tanh(X), np.exp(X)
    ours = [step(0, "tanh", [X], [shrunk]), step(1, "exp", [shrunk], [np.exp(shrunk)])]
    theirs = [step(0, "exp", [X], [other], **settings), step(1, "tanh", [other], [np.tanh(other)])]
    regions = code_departures.Region(ours[:1], ours, False, ()), code_departures.Region(theirs[:1], theirs, False, ())
    told = code_sentences.reordered(regions, ("a", "b"))
    assert told.startswith("order of functions: tanh, then exp in a; exp, then tanh in b:") == (not settings)
    assert not code_sentences.reordered((regions[0], regions[0]), ("a", "b"))


def test_a_layer_behind_the_first_departs_of_itself_where_it_does_with_the_others_input() -> None:
    """Three layers that add 1, 2 and 3 in one model, 1, 4 and 3 in the other, which begins with other numbers."""
    amounts = {"a": (1.0, 2.0, 3.0), "b": (1.5, 4.0, 3.0)}

    def chained(label: str) -> Side:
        leaves = [OwnLayer(f"l{place}", "shift", "Shift", {"by": by}, ()) for place, by in enumerate(amounts[label])]
        arrays, value = dict[str, Any](), X
        for place, by in enumerate(amounts[label]):
            arrays |= {f"eval/in/{place}/0": value, f"eval/out/{place}/0": value + by}
            value = value + by
        calls = tuple(Call(leaf.name, (X.shape,), (X.shape,)) for leaf in leaves)
        return Side(Structure(label, tuple(leaves), calls, (X.shape,), "first"), {"float64": arrays, "float32": arrays}, {})

    def rerun(label: str, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        by = change["settings"].get("by", amounts[label][change["call"]])
        return {"out/0": arrays["in/0"] + by}

    ours, theirs, calls = chained("a"), chained("b"), [(0, 0), (1, 1), (2, 2)]
    means = Reruns(rerun, lambda *_: {}, lambda _: [])
    first = departures.first(ours, theirs, calls, "eval", means)
    assert first is not None and first.title == "l0 (Shift)"
    (behind,) = layer_causes.further(first, calls, layer_mapping.LayerMap({}, ()))
    assert behind.title == "l1 (Shift)"
    assert behind.causes[0].startswith("by: 2.0 in a l1 (Shift), 4.0 in b l1 (Shift)")
