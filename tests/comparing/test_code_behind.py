"""Departing code behind the first departure, and kinds of fault that were named wrongly or not at all: no framework.

The two models are chains of four layers, each of which doubles. What theirs does between layers is a function by its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from parity.comparing import (
    code_behind,
    code_causes,
    code_departures,
    code_sentences,
    departures,
    judged_tensors,
    layer_output_causes,
    padding_causes,
    recognized_activations,
    recognized_expressions,
    training_causes,
)
from parity.comparing.call_pair import CallTrial, Gap
from parity.comparing.code_departures import KnownValues, Step
from parity.comparing.departures import Departure
from parity.comparing.model_structure import Structure
from parity.comparing.rerun_interface import Reruns
from parity.comparing.tensor_pairs import Side
from parity.execution.own_model.layers import Call, OwnLayer, Weight

Array = npt.NDArray[np.float64]
NUMBERS = np.random.RandomState(5)
X = NUMBERS.standard_normal((3, 5))
COUNT, LIMIT = 4, 1e-9
MEANS = Reruns(lambda *_: {}, lambda *_: {}, lambda _: [])
Code = Mapping[int, Callable[[Array], Array]]
CALLS = [(place, place) for place in range(COUNT)]


def chained(code: Code, forced: Mapping[int, Array]) -> dict[str, Array]:
    """A pass of four doubling layers, with this code before them."""
    found, value = dict[str, Array](), X
    for place in range(COUNT):
        taken = code.get(place, lambda x: x)(value)
        value = forced.get(place, 2 * taken)
        found |= {f"in/{place}/0": taken, f"out/{place}/0": value}
    return {**found, "output/0": code.get(COUNT, lambda x: x)(value)}


def side(label: str, code: Code) -> Side:
    leaves = tuple(OwnLayer(f"l{place}", "dense", "Dense", {}, ()) for place in range(COUNT))
    calls = tuple(Call(f"l{place}", (X.shape,), (X.shape,)) for place in range(COUNT))
    seen = {f"eval/{name}": array for name, array in chained(code, {}).items()}
    return Side(Structure(label, leaves, calls, (X.shape,), "first"), {"float64": seen}, {})


def behind(code: Code, obeys: bool = True) -> list[Departure]:
    """The departures behind the first one, which is the layer l0; theirs has this code."""
    ours, theirs = side("a", {}), side("b", code)

    def passed(label: str, _: bool, __: Any, new: Mapping[int, Array], forced: Mapping[int, Array] | None = None) -> Any:
        mine = code if label == "b" else {}
        own = {place: (lambda _, array=new[place]: array) if place in new else step for place, step in mine.items()}
        found = chained(own, (forced or {}) if obeys else {})
        told = [{"number": place} for place in mine if place < COUNT]
        return told, {**found, **{f"function/{entry['number']}/out/0": found[f"in/{entry['number']}/0"] for entry in told}}

    means = Reruns(lambda *_: {}, lambda *_: {}, lambda _: [X], passed)
    trial = CallTrial(ours, theirs, 0, 0, "eval", means, LIMIT, CALLS)
    first = Departure("activation", "l0", 1.0, 0.0, 1.0, trial=trial)
    return code_behind.between(first, CALLS, lambda here: replace(here, causes=(f"seen at {here.title}",)))


@pytest.mark.parametrize(
    ("places", "titles"),
    [((), []), ((2,), ["l2 (Dense)"]), ((1, 3), ["l1 (Dense)", "l3 (Dense)"]), ((0,), []), ((4,), ["output 0"])],
)
def test_each_place_whose_own_code_departs_is_found(places: Sequence[int], titles: Sequence[str]) -> None:
    assert [one.title for one in behind(dict.fromkeys(places, np.tanh))] == titles


def test_nothing_is_told_of_a_framework_that_hands_on_its_own_numbers() -> None:
    assert behind({2: np.tanh}, obeys=False) == []


def gap(mine: Array, other: Array, ours: Sequence[Array] = (), theirs: Sequence[Array] = ()) -> Gap:
    def of(label: str, outputs: Sequence[Array]) -> Side:
        leaves = tuple(
            OwnLayer(f"l{place}", "dense", "Dense", {}, (Weight("kernel", f"w{place}", (5, 5)),))
            for place, _ in enumerate(outputs)
        )
        calls = tuple(Call(f"l{place}", (one.shape,), (one.shape,)) for place, one in enumerate(outputs))
        seen = {f"eval/{way}/{place}/0": one for place, one in enumerate(outputs) for way in ("in", "out")}
        return Side(Structure(label, leaves, calls, (), "first"), {"float64": seen}, {})

    means, pairs = Reruns(lambda *_: {}, lambda *_: {}, lambda _: []), [(0, 0)] if ours and theirs else []
    where = of("a", ours), of("b", theirs), "eval", means, pairs, len(ours), len(theirs)
    return Gap(*where, mine, other, ("a x", "b x"), lambda _: np.inf)


def test_relu_is_not_named_where_relu6_gives_the_same_numbers() -> None:
    assert recognized_activations.named(X, np.maximum(X, 0), LIMIT) == "relu or relu6"
    assert recognized_activations.named(5 * X, np.maximum(5 * X, 0), LIMIT) == "relu"
    assert not recognized_activations.apart("relu or relu6", "relu6")
    assert recognized_activations.apart("relu or relu6", "tanh")


def test_one_number_is_no_multiple_of_another() -> None:
    assert not list(code_causes.scale(gap(np.array(2.0), np.array(3.0))))
    (told,) = code_causes.scale(gap(X, 3 * X))
    assert told == "scale: what b x takes is 3 times what a x takes (tested)"


def test_a_loss_with_other_arguments_is_named_by_its_function() -> None:
    def passed(label: str, *_: Any) -> Any:
        told = {"number": 0, "name": "cross_entropy", "code": "", "where": "m.py:3"}
        settings = {"label_smoothing": 0.0 if label == "a" else 0.1, "input": "in0"}
        gave = np.array(2.0 if label == "a" else 3.0)
        return [{**told, "settings": settings}], {"function/0/in/0": X, "function/0/out/0": gave}

    about = replace(gap(np.array(2.0), np.array(3.0)), last=True, means=replace(MEANS, functions=passed))
    (told,) = layer_output_causes.single_number(about)
    assert told.startswith("cross_entropy: label_smoothing 0.0 in a, 0.1 in b: `cross_entropy` (m.py:3)")
    assert not list(layer_output_causes.single_number(replace(about, last=False)))
    assert not list(code_causes.order(about))


def test_heads_joined_without_a_transpose_are_told() -> None:
    heads = NUMBERS.standard_normal((2, 3, 5, 4))
    right, wrong = heads.transpose(0, 2, 1, 3).reshape(2, 5, 12), heads.reshape(2, 5, 12)
    (told,) = code_causes.order(gap(right, wrong))
    assert "with its axis 2 cut into (3, 4) and the axes then in the order (0, 2, 1, 3)" in told
    (told,) = code_causes.order(gap(wrong, right))
    assert told.startswith("order: what a x takes is what b x takes with its axis 2 cut into (3, 4)")
    assert not list(code_causes.order(gap(right, wrong + 1e-3)))


def test_a_norm_before_the_branch_or_behind_the_sum_is_told() -> None:
    x, branch = NUMBERS.standard_normal((2, 3, 5))
    (told,) = recognized_expressions.wiring(gap(x, x + branch, [], [x, branch]))
    assert told.startswith("wiring: what b x takes is ") and told.endswith(" alone (tested on every number)")
    assert not list(recognized_expressions.wiring(gap(x + 1e-3, x + branch, [], [x, branch])))
    (told,) = recognized_expressions.wiring(gap(x, branch, [], [x, branch]))
    assert (
        told == "wiring: what b x takes is l1 (Dense); what a x takes is what l0 (Dense) takes alone (tested on every number)"
    )


def test_scores_hidden_by_a_small_number_and_by_infinity_are_the_same() -> None:
    scores, hidden = NUMBERS.standard_normal((4, 4)), np.triu(np.ones((4, 4), bool), 1)
    infinite, small = np.where(hidden, -np.inf, scores), np.where(hidden, scores - 1e9, scores)
    assert KnownValues([small]).like(infinite) is not None
    assert KnownValues([small]).like(np.where(hidden, -np.inf, scores + 1e-3)) is None
    assert KnownValues([np.where(hidden.T, -np.inf, scores)]).like(small) is None
    plain = np.array([[-20_000.0, 1.0], [-5_000.0, 2.0]])
    assert code_departures.masked(plain) is plain  # numbers that lie between hide nothing


def test_the_same_numbers_otherwise_interleaved_are_told_whatever_made_them() -> None:
    places = NUMBERS.standard_normal((4, 6))
    other = np.concatenate([places[:, ::2], places[:, 1::2]], -1)
    first, second = (Step(0, "add", {}, "", "", [X, one], [X]) for one in (places, other))
    assert code_sentences._interleaved(first.taken, second.taken)
    assert not code_sentences._interleaved(first.taken, [X, other + 1e-3])


def test_causal_padding_stands_before_the_signal() -> None:
    settings = {"padding": "causal", "dilation": [2], "strides": [1]}
    assert padding_causes._effective(settings, [9], [3]) == [[4, 0]]


def test_a_pooling_function_that_changes_the_size_departs_before_the_next_layer() -> None:
    """The convolutions take and give images of other sizes, and so do the models."""
    images = [NUMBERS.standard_normal((2, 3, size, size)) for size in (6, 5)]

    def of(label: str, image: Array, last: float) -> Side:
        leaf, call = OwnLayer("c", "conv2d", "Conv2d", {}, ()), Call("c", (image.shape,), (image.shape,))
        seen = {"eval/in/0/0": image, "eval/out/0/0": 2 * image, "eval/output/0": np.full((2, 3), last)}
        return Side(Structure(label, (leaf,), (call,), ((2, 3),), "first"), {"float64": seen}, {})

    means = Reruns(lambda *_: {}, lambda *_: {}, lambda _: [])
    found = departures.first(of("a", images[0], 1.0), of("b", images[1], 2.0), [(0, 0)], "eval", means)
    assert found is not None and found.between and found.gap is not None and found.error == np.inf
    assert departures.first(of("a", images[0], 1.0), of("b", images[1], 1.0), [(0, 0)], "eval", means) is None


def test_a_fine_look_sees_what_float32_holds() -> None:
    means = Reruns(lambda *_: {}, lambda *_: {}, lambda _: [])
    assert replace(means, fine=True).tolerance(3, 2.0) == judged_tensors.FINE * 6
    assert means.tolerance(3, 2.0) == pytest.approx(6e-9)


def test_a_constant_that_only_a_derivative_holds_in_float32_is_named() -> None:
    exact = NUMBERS.standard_normal((4, 3))
    held = exact * (float(np.float32(1 / 6)) * 6)
    pair = judged_tensors.Pair("gradient", "back bias", 5, {"float64": held}, {"float64": exact})
    bad = [judged_tensors.TensorVerdict("gradient", "back bias", "float64", "reduced_precision")]
    found = training_causes.gradients([pair], bad, ("torch", "keras"))
    assert found is not None
    assert found.causes == (
        "precision: 1/6 in a derivative behind back bias is held in float32 in torch (tested: the gradient is the other's "
        "times 1.0000000298)",
    )
    other = replace(pair, ours={"float64": held + 1e-9 * exact[::-1]})
    found = training_causes.gradients([other], bad, ("torch", "keras"))
    assert found is not None and found.causes == ()


def test_numbers_of_a_model_of_zeros_alone_cross_nowhere() -> None:
    ours, theirs = side("a", {0: lambda x: 0 * x}), side("b", {})
    trial = CallTrial(ours, theirs, 0, 0, "eval", Reruns(lambda *_: {}, lambda *_: {}, lambda _: []), LIMIT, CALLS)
    assert trial.crossed() is None
    assert not trial.inputs_agree()
