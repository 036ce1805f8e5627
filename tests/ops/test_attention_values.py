"""Attention, embeddings, positions and cross entropy against their definitions written out with Python numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from parity.ops import (
    additive_attention,
    embedding,
    learned_positions,
    multi_head_attention,
    sinusoidal_positions,
    softmax_cross_entropy,
)
from parity.ops.definition import Array, Run, ShapeError

BATCH, QUERIES, KEYS, FEATURES, HEADS = 3, 4, 4, 6, 2


def shares(scores: list[float]) -> list[float]:
    """softmax of Python numbers; -inf gets nothing."""
    grown = [math.exp(score) for score in scores]
    return [one / sum(grown) for one in grown]


def line(kernel: Array, x: Array, bias: Array | None) -> list[float]:
    """kernel·x + bias."""
    return [
        sum(float(k) * float(v) for k, v in zip(row, x, strict=True)) + (0.0 if bias is None else float(bias[place]))
        for place, row in enumerate(kernel)
    ]


def attention_parameters(bias: bool, seed: int = 0) -> dict[str, Array]:
    random = np.random.RandomState(seed)
    values = {}
    for role in ("query", "key", "value", "output"):
        values[f"{role}.kernel"] = 0.5 * random.standard_normal((FEATURES, FEATURES))
        if bias:
            values[f"{role}.bias"] = random.standard_normal(FEATURES)
    return values


def attended(example: dict[str, Array], parameters: dict[str, Array], length: int, causal: bool, mask: Array | None) -> Array:
    """One example of multi_head_attention, head by head and query by query."""

    def project(role: str, x: Array) -> list[float]:
        return line(parameters[f"{role}.kernel"], x, parameters.get(f"{role}.bias"))

    q = [project("query", row) for row in example["x"]]
    k = [project("key", row) for row in example["keys"]]
    v = [project("value", row) for row in example["values"]]
    size = FEATURES // HEADS
    rows = []
    for i, query in enumerate(q):
        mixed = []
        for head in range(HEADS):
            part = range(head * size, (head + 1) * size)
            scores = [sum(query[f] * key[f] for f in part) / math.sqrt(size) for key in k]
            hidden = [j >= length or (causal and j > i) for j in range(len(k))]
            weights = shares([-math.inf if gone else score for gone, score in zip(hidden, scores, strict=True)])
            if mask is not None:
                weights = [weight * float(mask[head, i, j]) for j, weight in enumerate(weights)]
            mixed += [sum(weight * v[j][f] for j, weight in enumerate(weights)) for f in part]
        rows.append(project("output", np.array(mixed)))
    return np.array(rows)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no_bias"])
@pytest.mark.parametrize("causal", [True, False], ids=["causal", "whole"])
@pytest.mark.parametrize("masked", [True, False], ids=["dropout", "no_dropout"])
def test_multi_head_attention(bias: bool, causal: bool, masked: bool) -> None:
    random = np.random.RandomState(1)
    given = {role: random.standard_normal((BATCH, QUERIES, FEATURES)) for role in ("x", "keys", "values")}
    parameters = attention_parameters(bias)
    lengths = np.array([4, 1, 3])
    mask = 2.0 * random.randint(0, 2, (BATCH, HEADS, QUERIES, KEYS)) if masked else None
    extra: dict[str, Any] = {"heads": HEADS, "causal": causal, "dropout": 0.5 if masked else 0.0, "bias": bias}
    y, _ = multi_head_attention.forward(Run(), **given, lengths=lengths, mask=mask, **parameters, **extra)
    for one in range(BATCH):
        example = {role: array[one] for role, array in given.items()}
        dropped = None if mask is None else mask[one]
        expected = attended(example, parameters, int(lengths[one]), causal, dropped)
        np.testing.assert_allclose(y[one], expected, rtol=1e-12, atol=1e-14)


def test_what_is_hidden_does_not_matter() -> None:
    """Keys beyond the length, and the future of a causal attention, may hold anything."""
    random = np.random.RandomState(2)
    x = random.standard_normal((BATCH, QUERIES, FEATURES))
    other = x.copy()
    other[:, 2:] = 1e6
    parameters = attention_parameters(True)
    attributes: dict[str, Any] = {"heads": HEADS, "dropout": 0.0}
    lengths = np.full(BATCH, 2)
    first, _ = multi_head_attention.forward(Run(), x, x, x, lengths=lengths, causal=False, **parameters, **attributes)
    second, _ = multi_head_attention.forward(Run(), x, other, other, lengths=lengths, causal=False, **parameters, **attributes)
    np.testing.assert_array_equal(first, second)
    causal, _ = multi_head_attention.forward(Run(), x, x, x, causal=True, **parameters, **attributes)
    future, _ = multi_head_attention.forward(Run(), other, other, other, causal=True, **parameters, **attributes)
    np.testing.assert_array_equal(causal[:, :2], future[:, :2])
    assert np.any(causal[:, 2:] != future[:, 2:])


def test_attention_over_no_keys_is_refused() -> None:
    x = np.ones((BATCH, QUERIES, FEATURES))
    with pytest.raises(ValueError, match="over no keys"):
        multi_head_attention.forward(
            Run(), x, x, x, lengths=np.array([1, 0, 2]), heads=2, causal=False, dropout=0.0, **attention_parameters(True)
        )


@pytest.mark.parametrize("single", [True, False], ids=["one_query", "queries"])
@pytest.mark.parametrize("masked", [True, False], ids=["dropout", "no_dropout"])
def test_additive_attention(single: bool, masked: bool) -> None:
    random = np.random.RandomState(3)
    x, keys = random.standard_normal((BATCH, 2, 5)), random.standard_normal((BATCH, KEYS, 3))
    values = random.standard_normal((BATCH, KEYS, 2))
    shapes = {"query.kernel": (7, 5), "key.kernel": (7, 3), "score.kernel": (1, 7)}
    kernels = {role: random.standard_normal(shape) for role, shape in shapes.items()}
    lengths = np.array([2, 4, 1])
    mask = 2.0 * random.randint(0, 2, (BATCH, 2, KEYS))
    given: dict[str, Any] = {"x": x[:, 0] if single else x, "keys": keys, "values": values, "lengths": lengths}
    given["mask"] = (mask[:, 0] if single else mask) if masked else None
    y, _ = additive_attention.forward(Run(), **given, **kernels, units=7, dropout=0.5 if masked else 0.0)
    for one in range(BATCH):
        for place in range(1 if single else 2):
            query = line(kernels["query.kernel"], x[one, place], None)
            scores = []
            for j in range(KEYS):
                key = line(kernels["key.kernel"], keys[one, j], None)
                added = [math.tanh(a + b) for a, b in zip(query, key, strict=True)]
                scores.append(line(kernels["score.kernel"], np.array(added), None)[0] if j < lengths[one] else -math.inf)
            weights = [w * (float(mask[one, place, j]) if masked else 1.0) for j, w in enumerate(shares(scores))]
            expected = [sum(w * float(values[one, j, f]) for j, w in enumerate(weights)) for f in range(2)]
            np.testing.assert_allclose(y[one] if single else y[one, place], expected, rtol=1e-12, atol=1e-14)


def naive_cross_entropy(x: Array, labels: Array, lengths: Array, smoothing: float, mean: str) -> float:
    """x (batch, time, classes)."""
    sequences = []
    for one in range(len(x)):
        losses = []
        for time in range(int(lengths[one])):
            logs = [math.log(share) for share in shares(list(map(float, x[one, time])))]
            target = [smoothing / len(logs) + (1 - smoothing) * (place == labels[one, time]) for place in range(len(logs))]
            losses.append(-sum(t * log for t, log in zip(target, logs, strict=True)))
        sequences.append(losses)
    if mean == "sequences":
        return sum(sum(losses) / len(losses) for losses in sequences) / len(sequences)
    return sum(sum(losses) for losses in sequences) / sum(len(losses) for losses in sequences)


@pytest.mark.parametrize("mean", ["all", "sequences"])
@pytest.mark.parametrize("smoothing", [0.0, 0.25], ids=["hard", "smooth"])
@pytest.mark.parametrize("lengths", [[4, 1, 3], None], ids=["lengths", "whole"])
def test_softmax_cross_entropy(mean: str, smoothing: float, lengths: list[int] | None) -> None:
    random = np.random.RandomState(4)
    x, labels = random.standard_normal((3, 4, 5)), random.randint(0, 5, (3, 4))
    given = None if lengths is None else np.array(lengths)
    loss, _ = softmax_cross_entropy.forward(Run(), x, labels, given, axis=1, smoothing=smoothing, mean=mean)
    expected = naive_cross_entropy(x, labels, np.full(3, 4) if given is None else given, smoothing, mean)
    assert float(loss) == pytest.approx(expected, rel=1e-13)


def test_cross_entropy_over_channels() -> None:
    random = np.random.RandomState(5)
    x, labels = random.standard_normal((2, 5, 3, 2)), random.randint(0, 5, (2, 3, 2))
    loss, _ = softmax_cross_entropy.forward(Run(), x, labels, axis=0, smoothing=0.0, mean="all")
    rows, flat = x.transpose(0, 2, 3, 1).reshape(1, 12, 5), labels.reshape(1, 12)
    assert float(loss) == pytest.approx(naive_cross_entropy(rows, flat, np.array([12]), 0.0, "all"), rel=1e-13)


def test_cross_entropy_of_huge_logits_is_exact() -> None:
    x = np.array([[1000.0, 0.0], [0.0, 1000.0]])
    run = Run()
    loss, saved = softmax_cross_entropy.forward(run, x, np.array([0, 0]), axis=-1, smoothing=0.0, mean="all")
    assert float(loss) == 500.0
    gradient = softmax_cross_entropy.vjp(run, saved, np.ones(()))["x"]
    np.testing.assert_array_equal(gradient, [[0, 0], [-0.5, 0.5]])


@pytest.mark.parametrize("mean,lengths", [("sequences", [0, 2]), ("all", [0, 0])])
def test_a_mean_over_nothing_is_refused(mean: str, lengths: list[int]) -> None:
    x, labels = np.zeros((2, 3, 5)), np.zeros((2, 3), int)
    with pytest.raises(ValueError, match="without a valid position"):
        softmax_cross_entropy.forward(Run(), x, labels, np.array(lengths), axis=-1, smoothing=0.0, mean=mean)


@pytest.mark.parametrize("label", [-1, 5])
def test_a_label_that_is_no_class_is_refused(label: int) -> None:
    with pytest.raises(ValueError, match=r"outside of 0 … 4"):
        softmax_cross_entropy.forward(Run(), np.zeros((1, 5)), np.array([label]), axis=-1, smoothing=0.0, mean="all")


@pytest.mark.parametrize("index", [-1, 4])
def test_an_index_beyond_the_table_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match=r"outside of 0 … 3"):
        embedding.forward(Run(), np.array([[0, index]]), np.zeros((4, 3)))


def test_embedding_adds_the_gradients_of_equal_indices() -> None:
    table = np.arange(8.0).reshape(4, 2)
    run = Run()
    y, saved = embedding.forward(run, np.array([[1, 3], [1, 0]]), table)
    np.testing.assert_array_equal(y, [[[2, 3], [6, 7]], [[2, 3], [0, 1]]])
    gradient = embedding.vjp(run, saved, np.array([[[1.0, 2], [3, 4]], [[5, 6], [7, 8]]]))["table"]
    np.testing.assert_array_equal(gradient, [[7, 8], [6, 8], [0, 0], [3, 4]])


def test_learned_positions_leave_later_rows_alone() -> None:
    table = np.arange(10.0).reshape(5, 2)
    run = Run()
    y, saved = learned_positions.forward(run, np.ones((3, 2, 2)), table)
    np.testing.assert_array_equal(y[2], [[1, 2], [3, 4]])
    gradient = learned_positions.vjp(run, saved, np.ones((3, 2, 2)))["table"]
    np.testing.assert_array_equal(gradient[:, 0], [3, 3, 0, 0, 0])


def test_sinusoidal_positions() -> None:
    y, _ = sinusoidal_positions.forward(Run(), np.zeros((1, 3, 5)), base=100.0)
    for t in range(3):
        angles = [t / 100 ** (2 * (column // 2) / 5) for column in range(5)]
        expected = [math.cos(angle) if column % 2 else math.sin(angle) for column, angle in enumerate(angles)]
        np.testing.assert_allclose(y[0, t], expected, rtol=1e-14)


def test_a_power_that_is_rounded_otherwise_is_within_the_shadows_of_sinusoidal_positions() -> None:
    """NumPy 1.23 gives some wavelengths a last place more than NumPy 2.4; position 99 carries 99 times that."""
    zeros = np.zeros((1, 100, 512))
    y, _ = sinusoidal_positions.forward(Run(), zeros, base=10000.0)
    longer = np.nextafter(np.power(10000.0, 2 * (np.arange(512) // 2) / 512), np.inf)
    angles = np.arange(100)[:, None] / longer
    error = np.max(np.abs(np.where(np.arange(512) % 2 == 0, np.sin(angles), np.cos(angles)) - y[0]))
    shadows = [sinusoidal_positions.forward(Run(order=np.random.RandomState(seed)), zeros, base=10000.0)[0] for seed in (1, 2)]
    beside = max(np.max(np.abs(shadow - y)) for shadow in shadows)
    assert 4 * 2.0**-53 < error <= 4 * beside  # 4 u of a result of 1 was the budget
    assert beside < 2 * 100 * 2.0**-52  # a last place of the wavelength and the rounding of the angle
    assert np.array_equal(sinusoidal_positions.forward(Run(), zeros, base=10000.0)[0], y)


@pytest.mark.parametrize(
    "op,shapes,attributes,message",
    [
        (multi_head_attention, {"x": (5, 6), "keys": (5, 6), "values": (5, 6)}, {"heads": 4}, "4 heads do not divide 6"),
        (multi_head_attention, {"x": (5, 6), "keys": (5, 4), "values": (5, 4)}, {"heads": 2}, "equal features"),
        (multi_head_attention, {"x": (5, 6), "keys": (4, 6), "values": (3, 6)}, {"heads": 2}, "differ in time"),
        (multi_head_attention, {"x": (5, 6), "keys": (4, 6), "values": (4, 6)}, {"heads": 2, "causal": True}, "as many keys"),
        (additive_attention, {"x": (5, 6, 2), "keys": (4, 6), "values": (4, 6)}, {"units": 2}, "needs queries"),
        (learned_positions, {"x": (5, 6)}, {"positions": 4}, "fewer than the 5 time steps"),
        (softmax_cross_entropy, {"x": (5, 6), "labels": (6,)}, {}, "needs labels of shape"),
        (softmax_cross_entropy, {"x": (6,), "labels": (), "lengths": ()}, {}, "lengths go with labels"),
    ],
)
def test_wrong_shapes_are_refused(op: Any, shapes: dict[str, Any], attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        list(op.signature(**shapes, **attributes))
