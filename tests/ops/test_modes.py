"""What one output by hand cannot show: modes, batches, NaN, formulas used in parts, huge logits."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

import numpy as np
import pytest
from op_examples import BORDERS, gradient, outputs_of

from parity.ops import ACTIVATIONS, TABLE
from parity.ops.definition import Run, evaluate

NORM: dict[str, Any] = {"epsilon": 0.0, "momentum": 0.75, "scale": False, "shift": False}
SOFTMAX: dict[str, Any] = {"axis": -1, "smoothing": 0.0, "mean": "all"}


@pytest.mark.parametrize(("kind", "seen"), [("biased", 6), ("unbiased", 9)])
def test_batch_norm_in_training(kind: str, seen: float) -> None:
    """The first feature 1, 4, 7 has mean 4, biased variance 6, unbiased variance 9; the second stands still."""
    arrays = {"x": [[1.0, 2], [4, 2], [7, 2]], "running_mean": [11.0, 0], "running_variance": [8.0, 1]}
    outputs, _ = outputs_of("batch_norm", arrays, {**NORM, "epsilon": 0.75, "running_variance": kind})
    np.testing.assert_allclose(outputs[""], np.array([[-3, 0], [0, 0], [3, 0]]) / sqrt(6.75))
    np.testing.assert_allclose(outputs["running_mean"], [0.75 * 11 + 0.25 * 4, 0.25 * 2])
    np.testing.assert_allclose(outputs["running_variance"], [0.75 * 8 + 0.25 * seen, 0.75])


def test_batch_norm_in_evaluation() -> None:
    arrays = {
        "x": [[[[13.0]], [[0.0]]]],
        "running_mean": [11.0, 0],
        "running_variance": [3.0, 1],
        "scale": [10.0, 1],
        "shift": [1.0, 2],
    }
    outputs, _ = outputs_of("batch_norm", arrays, {**NORM, "epsilon": 1.0, "running_variance": "biased"}, training=False)
    assert set(outputs) == {""}
    np.testing.assert_allclose(outputs[""], [[[[11]], [[2]]]])


def test_dropout_in_evaluation_and_without_a_mask() -> None:
    y, _ = outputs_of("dropout", {"x": [[1.0, 2]]}, {"rate": 0.75}, training=False)
    np.testing.assert_array_equal(y, [[1, 2]])
    with pytest.raises(ValueError, match="the reference never draws"):
        outputs_of("dropout", {"x": [[1.0, 2]]}, {"rate": 0.75})
    y, _ = outputs_of("dropout", {"x": [[1.0, 2]]}, {"rate": 0.0})
    np.testing.assert_array_equal(y, [[1, 2]])
    assert TABLE["dropout"].masks({"x": (2,)}, rate=0.0) == {}
    assert TABLE["dropout"].masks({"x": (2,)}, rate=0.5) == {"mask": (2,)}


@pytest.mark.parametrize("op", [op for op in ACTIVATIONS if op != "prelu"] + ["max_pool2d", "mean", "global_max_pool2d"])
def test_nan_is_never_swallowed(op: str) -> None:
    attributes = {"slope": 0.25, "alpha": 1.0, "form": "erf", "axis": 0, "kernel": (1, 2), **BORDERS}
    y, _ = outputs_of(op, {"x": [[[[1.0, np.nan]]]]}, attributes)
    assert np.isnan(y).any()


def test_a_formula_of_numbers_in_a_batch_keeps_examples_apart() -> None:
    """A batch of single numbers (batch) beside values (batch, features): the number belongs to its example."""
    arrays = {"x": [[1.0, 2], [3.0, 4]], "gain": [10.0, 100]}
    y, saved = outputs_of("formula", arrays, {"text": "x*gain"})
    np.testing.assert_array_equal(y, [[10, 20], [300, 400]])
    np.testing.assert_array_equal(TABLE["formula"].vjp(Run(), saved, np.ones((2, 2)))["gain"], [3, 7])


def test_a_formula_may_use_a_value_several_times_or_not_at_all_in_its_gradient() -> None:
    np.testing.assert_allclose(gradient("formula", {"x": [[3.0]]}, {"text": "x*x + exp(0)*x**2 - x"}), [[11]])
    np.testing.assert_array_equal(gradient("formula", {"x": [[3.0]]}, {"text": "sign(x)"}), [[0]])
    np.testing.assert_allclose(gradient("formula", {"x": [[3.0]]}, {"text": "2**x"}), [[8 * log(2)]])
    np.testing.assert_allclose(
        gradient("formula", {"x": [[1.0]]}, {"text": "sigmoid(x) + sigmoid(0) + tanh(1)"}), [[exp(-1) / (1 + exp(-1)) ** 2]]
    )


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_huge_logits_give_exact_losses_and_gradients(size: float) -> None:
    """At ±1e4 exp over- and underflows; the losses are those numbers, the gradients 0 and 1."""
    logits = {"x": [[size, 0.0]], "labels": np.array([0])}
    y, saved = evaluate(
        TABLE["softmax_cross_entropy"], Run(), {"x": np.array(logits["x"]), "labels": logits["labels"]}, SOFTMAX
    )
    assert y == max(-size, 0)
    found = TABLE["softmax_cross_entropy"].vjp(Run(), saved, np.ones(()))["x"]
    np.testing.assert_array_equal(found, [[0, 0]] if size > 0 else [[-1, 1]])
    for op, more in (("binary_cross_entropy", {"label": 0.25}), ("sigmoid_cross_entropy", {})):
        arrays = {"x": [size]} | ({} if more else {"target": [0.25]})
        np.testing.assert_array_equal(gradient(op, arrays, {**more, "reduction": "sum"}), [0.75 if size > 0 else -0.25])
