"""Signatures: defaults, fans and statistics, and the shapes and attributes that they refuse with a sentence that says why."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from op_examples import complete, expand

from parity.ops import TABLE
from parity.ops.definition import Example, ShapeError, StatisticRule

DEFAULTS: dict[str, dict[str, Any]] = {
    "absolute_error": {"reduction": "mean"},
    "additive_attention": {"dropout": 0.0},
    "average_pool1d": {"padding": (0, 0), "count_padding": True},
    "average_pool2d": {"padding": ((0, 0), (0, 0)), "count_padding": True},
    "batch_norm": {"epsilon": 1e-5, "momentum": 0.9, "scale": True, "shift": True, "running_variance": "biased"},
    "binary_cross_entropy": {"reduction": "mean"},
    "concat": {"axis": 0},
    "conv1d": {"stride": 1, "padding": (0, 0), "dilation": 1, "groups": 1, "bias": True},
    "conv2d": {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1, "bias": True},
    "conv3d": {"stride": (1, 1, 1), "padding": ((0, 0), (0, 0), (0, 0)), "dilation": (1, 1, 1), "groups": 1, "bias": True},
    "conv_transpose2d": {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "bias": True},
    "dense": {"bias": True},
    "elu": {"alpha": 1.0},
    "gelu": {"form": "erf"},
    "group_norm": {"epsilon": 1e-5, "affine": True},
    "gru": {"layers": 1, "dropout": 0.0, "reset": "after"},
    "gru_cell": {"layers": 1, "dropout": 0.0, "reset": "after"},
    "hard_sigmoid": {"slope": 1 / 6},
    "hinge": {"margin": 1.0, "reduction": "mean"},
    "huber": {"delta": 1.0, "reduction": "mean"},
    "instance_norm": {"epsilon": 1e-5, "affine": False},
    "kl_divergence": {"axis": -1, "reduction": "mean"},
    "layer_norm": {"epsilon": 1e-5, "axis": -1},
    "leaky_relu": {"slope": 0.01},
    "log_softmax": {"axis": -1},
    "lstm": {"layers": 1, "dropout": 0.0, "recurrent_bias": False},
    "matmul": {"transpose_other": False},
    "max_pool1d": {"padding": (0, 0)},
    "max_pool2d": {"padding": ((0, 0), (0, 0))},
    "multi_head_attention": {"causal": False, "dropout": 0.0, "bias": True},
    "pad2d": {"mode": "zero"},
    "perceptron_loss": {"reduction": "mean"},
    "prelu": {"shared": False},
    "rms_norm": {"epsilon": 1e-6, "axis": -1},
    "rnn": {"layers": 1, "dropout": 0.0, "recurrent_bias": False},
    "select": {"axis": 0},
    "sigmoid_cross_entropy": {"reduction": "mean"},
    "sinusoidal_positions": {"base": 10000.0},
    "softmax": {"axis": -1},
    "softmax_cross_entropy": {"axis": -1, "smoothing": 0.0, "mean": "all"},
    "squared_error": {"reduction": "mean"},
    "upsample2d": {"mode": "nearest", "corners": "half_pixel"},
}
"""The language's defaults (`features` is the last axis). What is not here has to be written in a spec."""


@pytest.mark.parametrize("op", TABLE)
def test_defaults_are_those_of_the_language(op: str) -> None:
    kinds = inspect.signature(TABLE[op].signature).parameters.values()
    named = [kind for kind in kinds if kind.kind is kind.KEYWORD_ONLY]
    assert {kind.name: kind.default for kind in named if kind.default is not kind.empty} == DEFAULTS.get(op, {})
    for name, words in getattr(TABLE[op], "WORDS", {}).items():
        assert words[0] == DEFAULTS[op][name], "the first word is the default"


RULES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("batch_norm", {"x": (3, 5, 7)}, {"scale": False}, {"shift": (3,), "running_mean": (3,), "running_variance": (3,)}),
    ("batch_norm", {"x": (3,)}, {"shift": False}, {"scale": (3,), "running_mean": (3,), "running_variance": (3,)}),
    ("conv2d", {"x": (4, 7, 7)}, {"channels": 6, "kernel": (3, 5), "groups": 2}, {"kernel": (6, 2, 3, 5), "bias": (6,)}),
    ("conv2d", {"x": (4, 7, 7)}, {"channels": 6, "kernel": (3, 5), "bias": False}, {"kernel": (6, 4, 3, 5)}),
    ("conv1d", {"x": (9, 4)}, {"channels": 6, "kernel": 3, "groups": 2}, {"kernel": (6, 2, 3), "bias": (6,)}),
    ("conv1d", {"x": (9, 4)}, {"channels": 6, "kernel": 3, "bias": False}, {"kernel": (6, 4, 3)}),
    (
        "conv3d",
        {"x": (4, 7, 7, 7)},
        {"channels": 6, "kernel": (2, 3, 5), "groups": 2},
        {"kernel": (6, 2, 2, 3, 5), "bias": (6,)},
    ),
    ("conv3d", {"x": (4, 7, 7, 7)}, {"channels": 6, "kernel": (2, 3, 5), "bias": False}, {"kernel": (6, 4, 2, 3, 5)}),
    ("conv_transpose2d", {"x": (4, 7, 7)}, {"channels": 6, "kernel": (3, 5)}, {"kernel": (4, 6, 3, 5), "bias": (6,)}),
    ("conv_transpose2d", {"x": (4, 7, 7)}, {"channels": 6, "kernel": (3, 5), "bias": False}, {"kernel": (4, 6, 3, 5)}),
    ("dense", {"x": (3, 7)}, {"units": 5}, {"kernel": (5, 7), "bias": (5,)}),
    ("dense", {"x": (7,)}, {"units": 5, "bias": False}, {"kernel": (5, 7)}),
    ("group_norm", {"x": (6, 5, 7)}, {"groups": 2}, {"scale": (6,), "shift": (6,)}),
    ("group_norm", {"x": (6,)}, {"groups": 2, "affine": False}, {}),
    ("rms_norm", {"x": (3, 5)}, {}, {"scale": (5,)}),
    ("rms_norm", {"x": (3, 5)}, {"axis": 0}, {"scale": (3,)}),
    ("instance_norm", {"x": (3, 5, 7)}, {}, {}),
    ("instance_norm", {"x": (3, 5, 7)}, {"affine": True}, {"scale": (3,), "shift": (3,)}),
    ("layer_norm", {"x": (3, 5)}, {}, {"scale": (5,), "shift": (5,)}),
    ("layer_norm", {"x": (3, 5)}, {"axis": 0}, {"scale": (3,), "shift": (3,)}),
    ("parameter", {}, {"shape": (3, 5)}, {"value": (3, 5)}),
    ("prelu", {"x": (3, 5, 7)}, {}, {"slope": (3,)}),
    ("prelu", {"x": (3, 5)}, {"shared": True}, {"slope": (1,)}),
]
"""Op, shapes, attributes, its parameters and statistics."""


@pytest.mark.parametrize(
    ("op", "shapes", "attributes", "expected"), RULES, ids=[f"{row[0]}-{n}" for n, row in enumerate(RULES)]
)
def test_parameters(op: str, shapes: dict[str, Any], attributes: dict[str, Any], expected: dict[str, Any]) -> None:
    rules, _ = expand(TABLE[op], shapes, complete(TABLE[op], Example(shapes, attributes)))
    assert {rule.role: rule.shape for rule in rules} == expected
    assert {rule.role: rule.initial for rule in rules if isinstance(rule, StatisticRule)} == (
        {"running_mean": 0, "running_variance": 1} if op == "batch_norm" else {}
    )


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("absolute_error", {"x": (3,), "target": (5,)}, {}, "differ"),
    ("add", {"branches": ((3, 5), (5, 3))}, {}, r"branches differ: \(3, 5\), \(5, 3\)"),
    ("average_pool2d", {"x": (3, 5)}, {"kernel": (1, 1), "stride": (1, 1)}, "needs \\(channels, height, width\\)"),
    (
        "average_pool2d",
        {"x": (3, 5, 5)},
        {"kernel": (2, 2), "stride": (1, 1), "padding": ((0, 2), (0, 0))},
        "without any value",
    ),
    ("batch_norm", {"x": (3, 5)}, {}, "needs \\(features\\) or"),
    ("concat", {"branches": ((3, 5), (3, 7))}, {"axis": 0}, "differ in more than axis 0"),
    ("concat", {"branches": ((3, 5), (3, 5, 1))}, {"axis": 0}, "differ in more than axis 0"),
    ("concat", {"branches": ((3, 5), (3, 5))}, {"axis": 2}, "no axis 2"),
    ("conv2d", {"x": (7,)}, {"channels": 2, "kernel": (1, 1)}, "needs \\(channels, height, width\\)"),
    ("conv2d", {"x": (3, 5, 5)}, {"channels": 4, "kernel": (1, 1), "groups": 2}, "2 groups do not divide 3 and 4"),
    ("conv2d", {"x": (4, 5, 5)}, {"channels": 3, "kernel": (1, 1), "groups": 2}, "2 groups do not divide 4 and 3"),
    ("conv2d", {"x": (4, 5, 5)}, {"channels": 3, "kernel": (3, 3), "dilation": (3, 1)}, "a window of 7 does not fit"),
    ("conv2d", {"x": (4, 5, 5)}, {"channels": 3, "kernel": (3, 3), "padding": ((0, 0), (-1, 0))}, "negative"),
    ("average_pool1d", {"x": (7,)}, {"kernel": 1, "stride": 1}, "needs \\(time, features\\)"),
    ("average_pool1d", {"x": (7, 2)}, {"kernel": 2, "stride": 1, "padding": (0, 2)}, "without any value"),
    ("conv1d", {"x": (7,)}, {"channels": 2, "kernel": 1}, "needs \\(time, features\\)"),
    ("conv1d", {"x": (7, 3)}, {"channels": 4, "kernel": 1, "groups": 2}, "2 groups do not divide 3 features and 4"),
    ("conv1d", {"x": (5, 4)}, {"channels": 3, "kernel": 1, "groups": 2}, "2 groups do not divide 4 features and 3"),
    ("conv1d", {"x": (5, 4)}, {"channels": 3, "kernel": 3, "dilation": 3}, "a window of 7 does not fit"),
    ("conv1d", {"x": (5, 4)}, {"channels": 3, "kernel": 3, "padding": (-1, 0)}, "negative"),
    ("conv3d", {"x": (3, 5, 5)}, {"channels": 2, "kernel": (1, 1, 1)}, "needs \\(channels, depth, height, width\\)"),
    ("conv3d", {"x": (3, 5, 5, 5)}, {"channels": 4, "kernel": (1, 1, 1), "groups": 2}, "2 groups do not divide 3 and 4"),
    ("conv3d", {"x": (4, 5, 5, 5)}, {"channels": 3, "kernel": (1, 1, 1), "groups": 2}, "2 groups do not divide 4 and 3"),
    ("conv3d", {"x": (4, 5, 5, 5)}, {"channels": 3, "kernel": (7, 1, 1)}, "a window of 7 does not fit"),
    ("conv3d", {"x": (4, 5, 5, 5)}, {"channels": 3, "kernel": (1, 1, 7)}, "a window of 7 does not fit"),
    ("conv3d", {"x": (4, 5, 5, 5)}, {"channels": 3, "kernel": (3, 3, 3), "padding": ((-1, 0), (0, 0), (0, 0))}, "negative"),
    ("max_pool1d", {"x": (7,)}, {"kernel": 1, "stride": 1}, "needs \\(time, features\\)"),
    ("max_pool1d", {"x": (7, 2)}, {"kernel": 2, "stride": 1, "padding": (2, 0)}, "without any value"),
    ("conv_transpose2d", {"x": (4, 5)}, {"channels": 3, "kernel": (3, 3)}, "needs \\(channels, height, width\\)"),
    (
        "conv_transpose2d",
        {"x": (4, 1, 1)},
        {"channels": 3, "kernel": (2, 2), "padding": ((1, 1), (0, 0))},
        "cuts everything off",
    ),
    ("conv_transpose2d", {"x": (4, 5, 5)}, {"channels": 3, "kernel": (3, 3), "padding": ((0, -1), (0, 0))}, "negative"),
    ("crop", {"x": (3, 5)}, {"start": 3, "size": 3, "axis": 1}, "no places 3 … 5"),
    ("crop", {"x": (3, 5)}, {"start": -1, "size": 3, "axis": 1}, "no places -1 … 1"),
    ("crop", {"x": (3, 5)}, {"start": 0, "size": 3, "axis": 2}, "no axis 2"),
    ("dense", {"x": (3, 5, 7)}, {"units": 2}, "flatten it first"),
    ("flatten", {"x": ()}, {}, "a single number"),
    ("formula", {"x": (3,), "y": (5,)}, {"text": "x + y"}, "shapes differ"),
    ("formula", {"x": (5, 3), "y": (5,)}, {"text": "x + y"}, "shapes differ"),
    ("formula", {"x": (3,)}, {"text": "x + y"}, "do not name the same values: y"),
    ("formula", {"x": (3,), "y": (3,)}, {"text": "2*x"}, "do not name the same values: y"),
    ("formula", {"x": (3,)}, {"text": "(x + 1) % 2"}, "work on numbers"),
    ("formula", {}, {"text": "1 + 2"}, "reads no value"),
    ("global_average_pool2d", {"x": (3,)}, {}, "needs \\(channels, height, width\\)"),
    ("hinge", {"x": (3,), "target": (5,)}, {}, "differ"),
    ("huber", {"x": (3,), "target": (5,)}, {}, "differ"),
    ("kl_divergence", {"x": (3,), "target": (5,)}, {}, "differ"),
    ("kl_divergence", {"x": (3,), "target": (3,)}, {"axis": 1}, "no axis 1"),
    ("perceptron_loss", {"x": (3,), "target": (5,)}, {}, "differ"),
    ("sigmoid_cross_entropy", {"x": (3,), "target": (5,)}, {}, "differ"),
    ("adaptive_average_pool2d", {"x": (3, 5, 7)}, {"size": (6, 2)}, "fewer than"),
    ("adaptive_average_pool2d", {"x": (5, 7)}, {"size": (2, 2)}, "needs \\(channels, height, width\\)"),
    ("global_max_pool2d", {"x": (3,)}, {}, "needs \\(channels, height, width\\)"),
    ("group_norm", {"x": (3, 5)}, {"groups": 1}, "needs \\(features\\) or"),
    ("group_norm", {"x": (6,)}, {"groups": 4}, "4 groups do not divide 6"),
    ("rms_norm", {"x": (3, 5)}, {"axis": 2}, "no axis 2"),
    ("upsample2d", {"x": (3,)}, {"scale": (2, 2)}, "needs \\(channels, height, width\\)"),
    ("instance_norm", {"x": (3,)}, {}, "needs \\(channels, height, width\\)"),
    ("layer_norm", {"x": (3, 5)}, {"axis": 2}, "no axis 2"),
    ("layer_norm", {"x": ()}, {}, "no axis -1"),
    ("local_response_norm", {"x": (7, 2, 2)}, {"size": 4, "alpha": 1.0, "beta": 1.0, "k": 1.0}, "odd size"),
    ("local_response_norm", {"x": (7,)}, {"size": 3, "alpha": 1.0, "beta": 1.0, "k": 1.0}, "needs \\(channels"),
    ("matmul", {"x": (3, 5), "other": (7, 5)}, {}, "rows of 5 do not meet 7"),
    ("matmul", {"x": (3, 5), "other": (5, 7)}, {"transpose_other": True}, "transposed"),
    ("matmul", {"x": (5,), "other": (5, 7)}, {}, "two stacks of matrices"),
    ("matmul", {"x": (2, 3, 5), "other": (3, 5, 7)}, {}, "two stacks of matrices"),
    ("max_pool2d", {"x": (3, 5, 5)}, {"kernel": (2, 2), "stride": (1, 1), "padding": ((0, 0), (2, 0))}, "without any value"),
    ("max_pool2d", {"x": (3, 5, 5)}, {"kernel": (7, 2), "stride": (1, 1)}, "a window of 7 does not fit"),
    ("multiply", {"branches": ((3,), (5,))}, {}, "branches differ"),
    ("pad2d", {"x": (5, 5)}, {"padding": ((0, 0), (0, 0))}, "needs \\(channels, height, width\\)"),
    ("pad2d", {"x": (2, 3, 5)}, {"padding": ((0, 3), (0, 0)), "mode": "reflect"}, "too small to be reflected"),
    ("pad2d", {"x": (2, 3, 5)}, {"padding": ((-1, 0), (0, 0))}, "negative"),
    ("log_softmax", {"x": (3,)}, {"axis": 1}, "no axis 1"),
    ("prelu", {"x": ()}, {}, "a single number"),
    ("reshape", {"x": (2, 3)}, {"shape": (5,)}, "has 6 numbers"),
    ("select", {"x": (3, 5)}, {"index": 3}, "no place 3"),
    ("select", {"x": (3, 5)}, {"index": -4}, "no place -4"),
    ("softmax", {"x": (3,)}, {"axis": 1}, "no axis 1"),
    ("squared_error", {"x": (3,), "target": ()}, {}, "differ"),
    ("sum", {"x": ()}, {"axis": 0}, "no axis 0"),
    ("transpose", {"x": (3, 5)}, {"axes": (0, 0)}, "no order of the 2 axes"),
    ("transpose", {"x": (3, 5)}, {"axes": (1, 0, 2)}, "no order of the 2 axes"),
    ("weighted_mean", {"x": (3,), "weights": (5,)}, {}, "differ"),
    ("weighted_sum", {"x": (3,), "weights": (5,)}, {}, "differ"),
]


@pytest.mark.parametrize(
    ("name", "shapes", "attributes", "message"), REFUSED, ids=[f"{row[0]}-{number}" for number, row in enumerate(REFUSED)]
)
def test_refused(name: str, shapes: dict[str, Any], attributes: dict[str, Any], message: str) -> None:
    op = TABLE[name]
    with pytest.raises(ShapeError, match=message):
        expand(op, shapes, complete(op, Example(shapes, attributes)))


def test_the_last_places_that_are_still_allowed() -> None:
    for name, shapes, attributes, expected in [
        ("select", {"x": (3, 5)}, {"index": -3}, (5,)),
        ("crop", {"x": (3, 5)}, {"start": 2, "size": 3, "axis": -1}, (3, 3)),
        ("crop", {"x": (3, 5)}, {"start": 0, "size": 3, "axis": 0}, (3, 5)),
        ("pad2d", {"x": (2, 3, 5)}, {"padding": ((2, 2), (4, 4)), "mode": "reflect"}, (2, 7, 13)),
        ("max_pool2d", {"x": (3, 1, 1)}, {"kernel": (2, 2), "stride": (1, 1), "padding": ((1, 1), (1, 1))}, (3, 2, 2)),
        ("conv2d", {"x": (1, 5, 5)}, {"channels": 1, "kernel": (5, 5)}, (1, 1, 1)),
        (
            "conv2d",
            {"x": (3, 224, 224)},
            {"channels": 1, "kernel": (7, 7), "stride": (2, 2), "padding": ((3, 3),) * 2},
            (1, 112, 112),
        ),
        ("conv_transpose2d", {"x": (4, 1, 1)}, {"channels": 3, "kernel": (2, 2), "padding": ((1, 0), (0, 1))}, (3, 1, 1)),
        (
            "conv_transpose2d",
            {"x": (4, 8, 8)},
            {"channels": 3, "kernel": (3, 3), "stride": (2, 2), "padding": ((1, 0),) * 2},
            (3, 16, 16),
        ),
        ("softmax", {"x": (3, 5)}, {"axis": -2}, (3, 5)),
        ("formula", {"x": (3, 1), "y": (1, 5), "z": ()}, {"text": "x*y + z - 7//2"}, (3, 5)),
    ]:
        op = TABLE[name]
        assert expand(op, shapes, complete(op, Example(shapes, attributes)))[1] == {"": expected}, name


def test_fans_count_what_reaches_and_leaves_one_unit() -> None:
    def fans(name: str, shapes: dict[str, Any], attributes: dict[str, Any]) -> tuple[int, int]:
        op = TABLE[name]
        kernel = expand(op, shapes, complete(op, Example(shapes, attributes)))[0][0]
        return kernel.fan_in, kernel.fan_out

    assert fans("dense", {"x": (3, 7)}, {"units": 5}) == (7, 5)
    assert fans("conv2d", {"x": (6, 9, 9)}, {"channels": 4, "kernel": (3, 5)}) == (90, 60)
    assert fans("conv2d", {"x": (6, 9, 9)}, {"channels": 4, "kernel": (3, 5), "groups": 2}) == (45, 30)
    assert fans("conv1d", {"x": (9, 6)}, {"channels": 4, "kernel": 5, "groups": 2}) == (15, 10)
    assert fans("conv3d", {"x": (6, 9, 9, 9)}, {"channels": 4, "kernel": (2, 3, 5), "groups": 2}) == (90, 60)
    assert fans("conv_transpose2d", {"x": (6, 9, 9)}, {"channels": 4, "kernel": (3, 5)}) == (90, 60)
