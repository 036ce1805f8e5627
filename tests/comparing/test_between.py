"""What `parity compare` recognizes between layers, and what it pairs by what feeds what, from numbers made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from parity.comparing import (
    call_pair,
    code_causes,
    layer_mapping,
    layouts,
    random_arrays,
    recognized_activations,
    recognized_expressions,
)
from parity.comparing.layouts import Placement
from parity.comparing.model_structure import Structure
from parity.comparing.rerun_interface import Reruns
from parity.comparing.tensor_pairs import Side, alike
from parity.execution.own_model.layers import Call, OwnLayer, Weight, unstacked
from parity.execution.worker.target_kind import MODEL, PROTOCOL, form
from parity.verbs.compare import model_tracing

Array = npt.NDArray[np.float64]
NUMBERS = np.random.RandomState(1)
X = NUMBERS.standard_normal((3, 5))
IMAGES = NUMBERS.standard_normal((2, 3, 7, 9))
LIMIT = 1e-9
MEANS = Reruns(lambda *_: {}, lambda *_: {}, lambda _: [])


def soft(x: Array, axis: int) -> Array:
    powers = np.exp(x)
    return np.asarray(powers / powers.sum(axis, keepdims=True))


def windows(x: Array, size: int, stride: int) -> Array:
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), (2, 3))[:, :, ::stride, ::stride]


def padded(x: Array, before: int, after: int, fill: float = 0.0) -> Array:
    return np.pad(x, [(0, 0), (0, 0), (before, after), (before, after)], constant_values=fill)


RECOGNIZED: Mapping[str, tuple[Array, Array]] = {
    "leaky relu (0.05)": (X, np.where(X > 0, X, 0.05 * X)),
    "leaky relu (0.2 held in float32)": (X, np.where(X > 0, X, float(np.float32(0.2)) * X)),
    "elu (0.5)": (X, np.where(X > 0, X, 0.5 * np.expm1(X))),
    "softmax over axis 0": (X, soft(X, 0)),
    "softmax over axis 1": (X, soft(X, 1)),
    "log softmax over axis 1": (X, np.log(soft(X, 1))),
    "tanh, its numbers held in float32": (X, np.tanh(X.astype(np.float32)).astype(np.float64)),
    "global average pool": (IMAGES, IMAGES.mean((2, 3))),
    "max pool 3, stride 2, padding (1, 1)": (IMAGES, windows(padded(IMAGES, 1, 1, -np.inf), 3, 2).max((-2, -1))),
    "max pool 2, stride 2, padding (0, 1)": (IMAGES, windows(padded(IMAGES, 0, 1, -np.inf), 2, 2).max((-2, -1))),
    "average pool 3, stride 2, padding (1, 1) that counts": (IMAGES, windows(padded(IMAGES, 1, 1), 3, 2).mean((-2, -1))),
    "sigmoid, average pool 2, stride 2, padding (0, 0)": (
        IMAGES,
        windows(1 / (1 + np.exp(-IMAGES)), 2, 2).mean((-2, -1)).reshape(2, -1),
    ),
}


@pytest.mark.parametrize("name", RECOGNIZED)
def test_a_function_is_recognized_by_what_it_makes_of_numbers(name: str) -> None:
    before, after = RECOGNIZED[name]
    assert recognized_activations.named(before, after, LIMIT) == name


@pytest.mark.parametrize("name", RECOGNIZED)
def test_what_is_off_by_a_thousandth_is_not(name: str) -> None:
    before, after = RECOGNIZED[name]
    off = after.copy()
    off.flat[np.argmin(after)] += 1e-3
    assert recognized_activations.named(before, off, LIMIT) != name


def gap(
    mine: Array, other: Array, ours: Sequence[Array] = (), theirs: Sequence[Array] = (), kind: str = "dense"
) -> call_pair.Gap:
    """Two models whose layers gave these outputs, then the numbers that something made of them."""

    def side(label: str, outputs: Sequence[Array]) -> Side:
        leaves = tuple(OwnLayer(f"l{place}", kind, kind.title(), {}, ()) for place, _ in enumerate(outputs))
        calls = tuple(Call(f"l{place}", (one.shape,), (one.shape,)) for place, one in enumerate(outputs))
        seen = {f"eval/out/{place}/0": one for place, one in enumerate(outputs)}
        seen |= {f"eval/in/{place}/0": one + 7 for place, one in enumerate(outputs)}
        return Side(Structure(label, leaves, calls, (), "first"), {"float64": seen}, {})

    count = min(len(ours), len(theirs))
    pairs = [(place, place) for place in range(count)]
    sides = side("a", ours), side("b", theirs)
    return call_pair.Gap(*sides, "eval", MEANS, pairs, len(ours), len(theirs), mine, other, ("a x", "b x"), lambda _: np.inf)


def test_an_order_of_branches_is_told_by_rows() -> None:
    left, right = NUMBERS.standard_normal((2, 3, 4))
    first, second = np.concatenate([left, right], 1), np.concatenate([right, left], 1)
    (told,) = code_causes.branches(gap(first, second))
    assert "along axis 1 b has what a has at 4–7, 0–3" in told
    assert not list(code_causes.branches(gap(first, first + 1e-3)))


def test_a_flattened_image_that_was_pooled_without_a_layer_is_found() -> None:
    image = NUMBERS.standard_normal((2, 3, 4, 5))  # what pooling made of (2, 3, 8, 10)
    whole = NUMBERS.standard_normal((2, 3, 8, 10))
    made = gap(image.reshape(2, -1), image.transpose(0, 2, 3, 1).reshape(2, -1), [whole], [whole])
    (told,) = code_causes.flatten_order(made)
    assert "a flattens (channels, height, width), b (height, width, channels) of an image of 3×4×5" in told


def test_a_norm_before_or_behind_a_residual_path_is_told_by_what_is_added() -> None:
    x, normed, main = NUMBERS.standard_normal((3, 2, 5))
    (told,) = recognized_expressions.wiring(gap(x + main, normed + main, [x, normed, main], [x, normed, main]))
    assert "what a x takes is l0 (Dense) + l2 (Dense); what b x takes is l1 (Dense) + l2 (Dense)" in told
    assert not list(recognized_expressions.wiring(gap(x + main, x + main, [x, normed, main], [x, normed, main])))
    assert not list(recognized_expressions.wiring(gap(x + main, x * main, [x, normed, main], [x, normed, main])))


def attended(whole: Array, heads: int, factor: float, causal: bool) -> Array:
    batch, time, size = whole.shape[0], whole.shape[1], whole.shape[2] // 3
    q, k, v = whole.reshape(batch, time, 3, heads, size // heads).transpose(2, 0, 3, 1, 4)
    scores = q @ k.swapaxes(-1, -2) * factor
    powers = np.where(np.triu(np.ones((time, time), bool), 1) & causal, 0, np.exp(scores))
    return np.asarray((powers / powers.sum(-1, keepdims=True)) @ v).swapaxes(1, 2).reshape(batch, time, size)


def test_attention_by_hand_is_told_by_scale_mask_and_heads() -> None:
    whole = NUMBERS.standard_normal((2, 5, 24))
    right = attended(whole, 2, 0.5, causal=True)
    wrong = {"scale": (2, 1.0, True), "mask": (2, 0.5, False), "heads": (4, 1 / np.sqrt(2), True)}
    for name, (heads, factor, causal) in wrong.items():
        told = list(recognized_expressions.attention(gap(right, attended(whole, heads, factor, causal), [whole], [whole])))
        assert any(one.startswith(f"{name} of attention") for one in told), (name, told)
    assert not list(recognized_expressions.attention(gap(right, right, [whole], [whole])))


def conv(name: str, size: int) -> OwnLayer:
    return OwnLayer(name, "conv2d", "Conv", {}, (Weight("kernel", f"{name}.kernel", (7, 5, size, size)),))


def norm(name: str) -> OwnLayer:
    return OwnLayer(name, "batch_norm", "Norm", {}, (Weight("scale", f"{name}.scale", (7,)),))


def chained(label: str, *chain: tuple[OwnLayer, int]) -> Structure:
    """Layers in the order of their calls, each with the call that feeds it."""
    calls = tuple(Call(leaf.name, ((2, 7, 3, 3),), ((2, 7, 3, 3),), (source,)) for leaf, source in chain)
    return Structure(label, tuple(leaf for leaf, _ in chain), calls, ((2, 7),), "first")


def test_a_shortcut_may_be_called_before_or_behind_the_main_path() -> None:
    ours = chained("a", (conv("down", 1), -1), (norm("down_norm"), 0), (conv("main", 3), -1), (norm("main_norm"), 2))
    theirs = chained("b", (conv("conv", 3), -1), (norm("norm"), 0), (conv("conv_1", 1), -1), (norm("norm_1"), 2))
    pairs = {match.leaves["a"]: match.leaves["b"] for match in layer_mapping.automatic([ours, theirs]).matches}
    assert pairs == {"down": "conv_1", "down_norm": "norm_1", "main": "conv", "main_norm": "norm"}


def test_a_tied_head_needs_no_counterpart() -> None:
    table = OwnLayer("tok", "embedding", "Embedding", {}, (Weight("table", "tok.weight", (11, 5)),))
    head = OwnLayer("head", "dense", "Linear", {}, (Weight("kernel", "tok.weight", (11, 5)),))
    ours, theirs = chained("a", (table, -1), (head, -1)), chained("b", (table, -1))
    assert [match.leaves for match in layer_mapping.automatic([ours, theirs]).matches] == [{"a": "tok", "b": "tok"}]
    untied = OwnLayer("head", "dense", "Linear", {}, (Weight("kernel", "head.weight", (11, 5)),))
    with pytest.raises(layer_mapping.Unmappable, match="head"):
        layer_mapping.automatic([chained("a", (table, -1), (untied, -1)), theirs])


def test_a_cell_that_is_called_step_by_step_is_not_held_against_a_whole_sequence() -> None:
    one = OwnLayer("rnn", "lstm", "LSTM", {}, (Weight("0.kernel", "w", (8, 5)),))
    cell = OwnLayer("cell", "lstm_cell", "LSTMCell", {}, (Weight("0.kernel", "w", (8, 5)),))
    ours, theirs = chained("a", (one, -1)), chained("b", (cell, -1), (cell, -1))
    theirs = Structure("b", (cell,), theirs.calls, theirs.outputs, "first")
    assert layer_mapping.calls(ours, theirs, layer_mapping.automatic([ours, theirs])) == []


def test_a_stacked_layer_is_one_leaf_for_each_layer() -> None:
    roles = ("0.kernel", "0back.kernel", "1.kernel", "1back.kernel")
    whole = OwnLayer("rnn", "lstm", "LSTM", {}, tuple(Weight(role, role, (8, 5)) for role in roles))
    lower, upper = unstacked(whole)
    assert (lower.name, lower.within, upper.name, upper.within) == ("rnn#0", "rnn", "rnn", "")
    assert [(one.role, one.native) for one in upper.weights] == [("0.kernel", "1.kernel"), ("0back.kernel", "1back.kernel")]


def test_both_directions_end_at_both_ends() -> None:
    sequence = NUMBERS.standard_normal((2, 5, 6))
    both = alike(sequence, np.zeros((2, 6)), recurrent=True, both=True)
    assert both is not None
    assert np.array_equal(both[0], np.concatenate([sequence[:, -1, :3], sequence[:, 0, 3:]], 1))


def test_a_row_that_becomes_an_image_is_written_channels_last() -> None:
    placement = Placement("w", (2 * 3 * 5, 1), "", reshaped=(2, 3, 5))
    neutral = np.arange(30.0)[:, None]
    native = placement.write(neutral, neutral)
    assert np.array_equal(native.reshape(2, 3, 5).transpose(2, 0, 1).reshape(-1, 1), neutral)
    assert layouts.Placement("w", (30, 1)).read(neutral).shape == (30, 1)


@pytest.mark.parametrize(
    ("shape", "source", "target", "moved"),
    [
        ((2, 3, 5, 7), "first", "last", (2, 5, 7, 3)),
        ((2, 5, 7, 3), "last", "first", (2, 3, 5, 7)),
        ((2, 3, 5, 7), "first", "first", (2, 3, 5, 7)),
        ((2, 3, 5), "first", "last", (2, 5, 3)),  # a signal
        ((2, 3, 5), "", "last", (2, 3, 5)),  # a sequence: its features are last in every framework
        ((2, 7), "first", "last", (2, 7)),
    ],
)
def test_an_image_is_given_with_channels_where_the_framework_has_them(
    shape: tuple[int, ...], source: str, target: str, moved: tuple[int, ...]
) -> None:
    assert model_tracing.moved(random_arrays.ComparedInput(shape), source, target).shape == moved


class Implementation:
    def realize(self, case: object) -> object:
        return case


class Network:
    pass


def of_a_case(case: object) -> object:
    return case


def built(units: int = 3, **more: object) -> object:
    return units, more


@pytest.mark.parametrize(
    ("target", "word"), [(Implementation, PROTOCOL), (of_a_case, PROTOCOL), (Network, MODEL), (built, MODEL)]
)
def test_what_takes_no_case_builds_a_model(target: object, word: str) -> None:
    assert form(target) == word
