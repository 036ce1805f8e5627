"""Kinks of ops by literal examples: the distance from them, the branch that may be dictated, the gradient on top of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from op_examples import BORDERS, gradient, outputs_of

from parity.ops import TABLE

KINKED: list[tuple[str, dict[str, Any], dict[str, Any], Any, Any, Any]] = [
    ("relu", {"x": [[-1.0, 0, 2]]}, {}, [[1, 0, 2]], [[True, True, False]], [[-1, 0, 0]]),
    ("relu6", {"x": [[-1.0, 2, 5, 8]]}, {}, [[1, 2, 1, 2]], [[1, 0, 2, 1]], [[-1, 0, 6, 8]]),
    ("leaky_relu", {"x": [[-4.0, 4]]}, {"slope": 0.25}, [[4, 4]], [[True, False]], [[-4, 1]]),
    (
        "max_pool1d",
        {"x": [[[1.0, 9], [3, 2], [2.5, 4]]]},
        {"kernel": 3, "stride": 1, "padding": (0, 0)},
        [[[0.5, 5]]],
        np.array([[[2, 1]]]),
        [[[2.5, 2]]],
    ),
    ("global_max_pool2d", {"x": [[[[1.0, 3], [2.5, -1]]]]}, {}, [[0.5]], [[2]], [[2.5]]),
    ("global_max_pool2d", {"x": [[[[9.0, 1, 2, 3, 4, 8]]]]}, {}, [[1]], [[1]], [[1]]),
    ("global_max_pool2d", {"x": [[[[9.0]]]]}, {}, [[np.inf]], [[0]], [[9]]),
    ("prelu", {"x": [[-4.0, 4]], "slope": [0.25, 0.5]}, {}, [[4, 4]], [[True, False]], [[-4, 2]]),
    ("elu", {"x": [[-4.0, 4, 0.5]]}, {"alpha": 2.0}, [[4, 4, 0.5]], [[True, False, True]], [[-4, 0, 0.5]]),
    ("selu", {"x": [[-4.0, 4]]}, {}, [[4, 4]], [[True, False]], [[-4.202803949421922, 0]]),
    ("hard_sigmoid", {"x": [[-5.0, 1, 4]]}, {"slope": 0.25}, [[3, 1, 2]], [[1, 0, 2]], [[-0.75, 0, 1]]),
    ("hard_swish", {"x": [[-6.0, 1, 4]]}, {}, [[3, 2, 1]], [[1, 0, 2]], [[3, 0, 4]]),
    ("max_pool2d", {"x": [[[[1.0, 3], [2.5, -1]]]]}, {**BORDERS, "kernel": (2, 2)}, [[[[0.5]]]], [[[[2]]]], [[[[2.5]]]]),
    ("max_pool2d", {"x": [[[[1.0, 3]]]]}, {**BORDERS, "kernel": (1, 1)}, [[[[np.inf, np.inf]]]], [[[[0, 0]]]], [[[[1, 3]]]]),
    (
        "max_pool2d",
        {"x": [[[[1.0, 3, 9, 5, 6.5]], [[9, 3, 1, 8, 4]], [[8, 9, 1, 2, 3]]]]},
        {**BORDERS, "kernel": (1, 5)},
        [[[[2.5]], [[1]], [[1]]]],
        [[[[4]], [[1]], [[0]]]],
        [[[[6.5]], [[3]], [[8]]]],
    ),
    ("absolute_error", {"x": [[1.0, -2]], "target": [[3.0, -2]]}, {"reduction": "mean"}, [[2, 0]], [[1, 1]], -1),
    (
        "hinge",
        {"x": [[2.0, 0.5]], "target": [[1.0, 1]]},
        {"margin": 1.0, "reduction": "sum"},
        [[1, 0.5]],
        [[True, False]],
        -1,
    ),
    ("perceptron_loss", {"x": [[2.0, -3]], "target": [[1.0, 1]]}, {"reduction": "sum"}, [[2, 3]], [[True, False]], -2),
    (
        "formula",
        {"x": [[1.0, -2]]},
        {"text": "abs(x) + maximum(x, 0.25)"},
        [[0.75, 2]],
        ([[-1, 1]], [[1, 0]]),
        [[-0.75, -4]],
    ),
    ("formula", {"x": [[1.0, 2, 9]]}, {"text": "min(x, 4, 3)"}, [[2, 1, 1]], ([[2, 0, 1]],), [[3, 2, 4]]),
    ("formula", {"x": [[1.0, 2]]}, {"text": "sign(x)"}, [[1, 2]], ([[-1, 1]],), [[-1, 1]]),
]
"""Op, arrays, attributes, distance from the nearest kink, a branch, the output on that branch."""


@pytest.mark.parametrize(
    ("op", "arrays", "attributes", "margin", "branch", "expected"),
    KINKED,
    ids=[f"{row[0]}-{n}" for n, row in enumerate(KINKED)],
)
def test_kink(op: str, arrays: dict[str, Any], attributes: dict[str, Any], margin: Any, branch: Any, expected: Any) -> None:
    _, saved = outputs_of(op, arrays, attributes)
    np.testing.assert_allclose(TABLE[op].kinks(saved), margin)
    dictated = tuple(map(np.asarray, branch)) if isinstance(branch, tuple) else np.asarray(branch)
    y, _ = outputs_of(op, arrays, attributes, branch=dictated)
    np.testing.assert_allclose(y, expected)


def test_the_gap_of_a_large_window_lies_between_its_two_greatest_values() -> None:
    squares = np.random.RandomState(1).permutation(101).astype(float) ** 2
    _, saved = outputs_of("max_pool2d", {"x": squares[None, None, None]}, {**BORDERS, "kernel": (1, 101)})
    np.testing.assert_array_equal(TABLE["max_pool2d"].kinks(saved), [[[[100**2 - 99**2]]]])


def test_gradients_at_kinks() -> None:
    """Where two answers would do, one is the definition; a dictated branch has its own."""
    np.testing.assert_array_equal(gradient("relu", {"x": [[0.0, -0.0, 1]]}, {}), [[0, 0, 1]])
    np.testing.assert_array_equal(gradient("relu", {"x": [[0.0, 1]]}, {}, np.array([[True, False]])), [[1, 0]])
    np.testing.assert_array_equal(gradient("relu6", {"x": [[0.0, 6, 1]]}, {}), [[0, 0, 1]])
    np.testing.assert_array_equal(gradient("relu6", {"x": [[0.0, 6]]}, {}, np.array([[1, 1]])), [[1, 1]])
    np.testing.assert_array_equal(gradient("leaky_relu", {"x": [[0.0]]}, {"slope": 0.25}), [[0.25]])
    np.testing.assert_array_equal(gradient("prelu", {"x": [[0.0]], "slope": [0.25]}, {}), [[0.25]])
    np.testing.assert_array_equal(gradient("elu", {"x": [[0.0]]}, {"alpha": 0.25}), [[0.25]])
    np.testing.assert_allclose(gradient("selu", {"x": [[0.0]]}, {}), [[1.7580993408473768]])
    np.testing.assert_allclose(gradient("hard_sigmoid", {"x": [[-3.0, 3, 0]]}, {"slope": 1 / 6}), [[0, 0, 1 / 6]])
    np.testing.assert_allclose(gradient("hard_swish", {"x": [[-3.0, 3, 0]]}, {}), [[0, 1, 0.5]])
    np.testing.assert_array_equal(gradient("absolute_error", {"x": [[1.0]], "target": [[1.0]]}, {"reduction": "mean"}), [[0]])
    np.testing.assert_array_equal(
        gradient("hinge", {"x": [[1.0, 0]], "target": [[1.0, 1]]}, {"margin": 1.0, "reduction": "sum"}), [[0, -1]]
    )
    np.testing.assert_array_equal(gradient("perceptron_loss", {"x": [[0.0]], "target": [[1.0]]}, {"reduction": "sum"}), [[0]])
    np.testing.assert_array_equal(gradient("formula", {"x": [[0.0]]}, {"text": "abs(x)"}), [[0]])
    np.testing.assert_array_equal(gradient("formula", {"x": [[0.0]]}, {"text": "maximum(x, 0)"}), [[1]])
    np.testing.assert_array_equal(gradient("formula", {"x": [[0.0]]}, {"text": "maximum(0, x)"}), [[0]])


def test_dictating_the_branch_taken_at_the_very_kink_changes_nothing() -> None:
    for op, arrays, attributes in [
        ("relu", {"x": [[0.0, 1]]}, {}),
        ("relu6", {"x": [[0.0, 1, 6]]}, {}),
        ("leaky_relu", {"x": [[0.0, 1]]}, {"slope": 0.25}),
        ("absolute_error", {"x": [[0.0, 1]], "target": [[0.0, 0]]}, {"reduction": "mean"}),
        ("perceptron_loss", {"x": [[0.0, -1]], "target": [[1.0, 1]]}, {"reduction": "mean"}),
        ("elu", {"x": [[0.0, 1]]}, {"alpha": 0.25}),
        ("selu", {"x": [[0.0, 1]]}, {}),
        ("hard_sigmoid", {"x": [[-3.0, 3, 0]]}, {"slope": 1 / 6}),
        ("hard_swish", {"x": [[-3.0, 3, 0]]}, {}),
        ("formula", {"x": [[0.0, 1, 2]]}, {"text": "abs(x) + minimum(x, 1) + maximum(2, x)"}),
    ]:
        y, saved = outputs_of(op, arrays, attributes)
        taken = TABLE[op].taken(saved)
        np.testing.assert_array_equal(outputs_of(op, arrays, attributes, branch=taken)[0], y)
        np.testing.assert_array_equal(gradient(op, arrays, attributes, taken), gradient(op, arrays, attributes))


def test_the_first_maximum_in_row_major_order_takes_the_gradient() -> None:
    attributes = {**BORDERS, "kernel": (2, 2)}
    tied = {"x": [[[[1.0, 7], [7, 7]]]]}
    np.testing.assert_array_equal(gradient("max_pool2d", tied, attributes), [[[[0, 1], [0, 0]]]])
    np.testing.assert_array_equal(gradient("max_pool2d", tied, attributes, np.array([[[[3]]]])), [[[[0, 0], [0, 1]]]])
    np.testing.assert_array_equal(gradient("global_max_pool2d", tied, {}), [[[[0, 1], [0, 0]]]])
    sequence = {"x": [[[7.0], [7], [1]]]}
    np.testing.assert_array_equal(
        gradient("max_pool1d", sequence, {"kernel": 3, "stride": 1, "padding": (0, 0)}), [[[1], [0], [0]]]
    )
    overlapping = {"x": [[[[1.0, 7, 2]]]]}
    np.testing.assert_array_equal(gradient("max_pool2d", overlapping, {**BORDERS, "kernel": (1, 2)}), [[[[0, 2, 0]]]])
