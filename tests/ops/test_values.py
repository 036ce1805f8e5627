"""Small literal examples of every op that is no attention, recurrence or table (those have their own files)."""

from __future__ import annotations

from math import log, sqrt, tanh
from typing import Any

import numpy as np
import pytest
from op_examples import BORDERS, outputs_of

from parity.ops import TABLE, reverse
from parity.ops.definition import Run

NORM: dict[str, Any] = {"epsilon": 0.0, "momentum": 0.75, "scale": False, "shift": False}
ROW = [[[[1.0, 2, 3]]]]  # one example, one channel, one row
LINE = [[[1.0], [2], [3]]]  # one example, three steps, one feature


VALUES: list[tuple[str, dict[str, Any], dict[str, Any], Any]] = [
    ("absolute_error", {"x": [[1.0, -2]], "target": [[3.0, 1]]}, {"reduction": "mean"}, 2.5),
    ("absolute_error", {"x": [[1.0, -2]], "target": [[3.0, 1]]}, {"reduction": "sum"}, 5),
    ("adaptive_average_pool2d", {"x": [[[[1.0, 2, 6]]]]}, {"size": (1, 2)}, [[[[1.5, 4]]]]),
    ("adaptive_average_pool2d", {"x": [[[[1.0, 2], [3, 6]]]]}, {"size": (2, 1)}, [[[[1.5], [4.5]]]]),
    ("add", {"branches": ([[1.0, 2]], [[10.0, 20]], [[100.0, 200]])}, {}, [[111, 222]]),
    ("average_pool2d", {"x": ROW}, {**BORDERS, "kernel": (1, 2), "count_padding": True}, [[[[1.5, 2.5]]]]),
    (
        "average_pool2d",
        {"x": ROW},
        {"kernel": (1, 2), "stride": (1, 2), "padding": ((0, 0), (1, 0)), "count_padding": True},
        [[[[0.5, 2.5]]]],
    ),
    (
        "average_pool2d",
        {"x": ROW},
        {"kernel": (1, 2), "stride": (1, 2), "padding": ((0, 0), (1, 0)), "count_padding": False},
        [[[[1.0, 2.5]]]],
    ),
    ("average_pool1d", {"x": LINE}, {"kernel": 2, "stride": 1, "padding": (0, 0), "count_padding": True}, [[[1.5], [2.5]]]),
    ("average_pool1d", {"x": LINE}, {"kernel": 2, "stride": 2, "padding": (1, 0), "count_padding": True}, [[[0.5], [2.5]]]),
    ("average_pool1d", {"x": LINE}, {"kernel": 2, "stride": 2, "padding": (1, 0), "count_padding": False}, [[[1], [2.5]]]),
    ("binary_cross_entropy", {"x": [0.0, 0.0]}, {"label": 1.0, "reduction": "mean"}, log(2)),
    ("binary_cross_entropy", {"x": [0.0, 0.0]}, {"label": 1.0, "reduction": "sum"}, log(4)),
    ("binary_cross_entropy", {"x": [1e4, -1e4]}, {"label": 0.25, "reduction": "mean"}, (7500 + 2500) / 2),
    ("concat", {"branches": ([[1.0]], [[2.0, 3]])}, {"axis": 0}, [[1, 2, 3]]),
    ("concat", {"branches": ([[[1.0], [2]]], [[[3.0], [4]]])}, {"axis": -1}, [[[1, 3], [2, 4]]]),
    (
        "conv2d",
        {"x": ROW, "kernel": [[[[10.0, 1]]]], "bias": [100.0]},
        {**BORDERS, "dilation": (1, 1), "groups": 1},
        [[[[112, 123]]]],
    ),
    (
        "conv2d",
        {"x": ROW, "kernel": [[[[10.0, 1]]]]},
        {"stride": (1, 2), "padding": ((0, 0), (1, 2)), "dilation": (1, 2), "groups": 1},
        [[[[2, 20]]]],
    ),
    (
        "conv2d",
        {"x": [[[[1.0]], [[2.0]]]], "kernel": [[[[10.0]]], [[[100.0]]], [[[1000.0]]], [[[10000.0]]]]},
        {**BORDERS, "dilation": (1, 1), "groups": 2},
        [[[[10]], [[100]], [[2000]], [[20000]]]],
    ),
    (
        "conv_transpose2d",
        {"x": ROW, "kernel": [[[[10.0, 1]]]], "bias": [100.0]},
        {**BORDERS, "dilation": (1, 1)},
        [[[[110, 121, 132, 103]]]],
    ),
    (
        "conv_transpose2d",
        {"x": ROW, "kernel": [[[[100.0, 10, 1]]]]},
        {"stride": (1, 2), "padding": ((0, 0), (1, 0)), "dilation": (1, 1)},
        [[[[10, 201, 20, 302, 30, 3]]]],
    ),
    (
        "conv_transpose2d",
        {"x": ROW, "kernel": [[[[10.0, 1]]]]},
        {**BORDERS, "dilation": (1, 2)},
        [[[[10, 20, 31, 2, 3]]]],
    ),
    (
        "conv1d",
        {"x": LINE, "kernel": [[[10.0, 1]]], "bias": [100.0]},
        {"stride": 1, "padding": (0, 0), "dilation": 1, "groups": 1},
        [[[112], [123]]],
    ),
    (
        "conv1d",
        {"x": LINE, "kernel": [[[10.0, 1]]]},
        {"stride": 2, "padding": (1, 2), "dilation": 2, "groups": 1},
        [[[2], [20]]],
    ),
    (
        "conv1d",
        {"x": [[[1.0, 2]]], "kernel": [[[10.0]], [[100.0]], [[1000.0]], [[10000.0]]]},
        {"stride": 1, "padding": (0, 0), "dilation": 1, "groups": 2},
        [[[10, 100, 2000, 20000]]],
    ),
    (
        "conv3d",
        {"x": [[[[[1.0]], [[2]], [[3]]]]], "kernel": [[[[[10.0]], [[1]]]]], "bias": [100.0]},
        {"stride": (1, 1, 1), "padding": ((0, 0),) * 3, "dilation": (1, 1, 1), "groups": 1},
        [[[[[112]], [[123]]]]],
    ),
    (
        "conv3d",
        {"x": [[[[[1.0]], [[2]], [[3]]]]], "kernel": [[[[[10.0]], [[1]]]]]},
        {"stride": (2, 1, 1), "padding": ((1, 2), (0, 0), (0, 0)), "dilation": (2, 1, 1), "groups": 1},
        [[[[[2]], [[20]]]]],
    ),
    ("crop", {"x": [[1.0, 2, 3, 4]]}, {"start": 1, "size": 2, "axis": 0}, [[2, 3]]),
    ("dense", {"x": [[1.0, 2]], "kernel": [[1.0, 10], [100, 1000]], "bias": [0.5, 0.25]}, {"units": 2}, [[21.5, 2100.25]]),
    ("dropout", {"x": [[1.0, 2]], "mask": [[0.0, 4]]}, {"rate": 0.75}, [[0, 8]]),
    ("elu", {"x": [[-log(2), 0, 3]]}, {"alpha": 4.0}, [[-2, 0, 3]]),
    ("flatten", {"x": [[[1.0, 2], [3, 4]]]}, {}, [[1, 2, 3, 4]]),
    ("formula", {"x": [[1.0, 4]], "gain": [2.0]}, {"text": "gain*sqrt(x) - 1/4"}, [[1.75, 3.75]]),
    ("formula", {"x": [[-2.0, 0.25]]}, {"text": "max(x, 0, 0.5) + abs(x) + sign(x)"}, [[1.5, 1.75]]),
    (
        "formula",
        {"x": [[0.0]]},
        {"text": "x + sign(-2) + 10*sign(0) + 100*sign(1/2) + 1000*abs(-3) + 10**4*sqrt(4)"},
        [[23099]],
    ),
    ("formula", {"x": [[0.0]]}, {"text": "x + max(1, 2) + 10*min(1, 2) + 100*maximum(3, 4) + 1000*minimum(3, 4)"}, [[3412]]),
    ("formula", {"x": [[0.0]]}, {"text": "x + log(exp(2)) + 10*sigmoid(0) + tanh(0)"}, [[7]]),
    ("gelu", {"x": [1.0, -1.0, 0.0]}, {"form": "erf"}, [0.8413447460685429, -0.15865525393145707, 0]),
    ("gelu", {"x": [1.0]}, {"form": "tanh"}, [0.5 * (1 + tanh(sqrt(2 / 3.141592653589793) * 1.044715))]),
    ("global_average_pool2d", {"x": [[[[1.0, 2], [3, 6]]]]}, {}, [[3]]),
    ("global_max_pool2d", {"x": [[[[1.0, 2], [7, 6]], [[-3, -1], [-2, -9]]]]}, {}, [[7, -1]]),
    (
        "group_norm",
        {"x": [[1.0, 3, 5, 9]], "scale": [10.0, 20, 30, 40], "shift": [0.0, 0, 1, 1]},
        {"groups": 2, "epsilon": 0.0},
        [[-10, 20, -29, 41]],
    ),
    (
        "group_norm",
        {"x": [[[[1.0, 3]], [[1, 3]], [[0, 0]], [[4, 4]]]]},
        {"groups": 2, "epsilon": 3.0},
        [[[[-0.5, 0.5]], [[-0.5, 0.5]], [[-2 / sqrt(7)] * 2], [[2 / sqrt(7)] * 2]]],
    ),
    ("hard_sigmoid", {"x": [[-9.0, -3, -1.5, 0, 1.5, 3, 9]]}, {"slope": 1 / 6}, [[0, 0, 0.25, 0.5, 0.75, 1, 1]]),
    ("hard_sigmoid", {"x": [[-3.0, -1, 1, 3]]}, {"slope": 0.2}, [[0, 0.3, 0.7, 1]]),
    ("hard_swish", {"x": [[-9.0, -1.5, 0, 1.5, 9]]}, {}, [[0, -0.375, 0, 1.125, 9]]),
    ("hinge", {"x": [[2.0, 0.5, -3]], "target": [[1.0, 1, 1]]}, {"margin": 1.0, "reduction": "mean"}, 1.5),
    ("hinge", {"x": [[2.0, 0.5, 3]], "target": [[1.0, 1, -1]]}, {"margin": 2.0, "reduction": "sum"}, 6.5),
    ("huber", {"x": [[0.5, 3, -3]], "target": [[0.0, 0, 0]]}, {"delta": 1.0, "reduction": "sum"}, 0.125 + 2.5 + 2.5),
    ("huber", {"x": [[3.0, 3]], "target": [[1.0, -1]]}, {"delta": 2.0, "reduction": "mean"}, 4),
    ("kl_divergence", {"x": [[log(0.25), 0]], "target": [[0.5, 0]]}, {"axis": -1, "reduction": "mean"}, 0.5 * log(2)),
    (
        "kl_divergence",
        {"x": [[[log(0.25), 0], [log(0.25), 0]]], "target": [[[0.5, 1], [0.5, 0]]]},
        {"axis": 0, "reduction": "mean"},
        0.5 * log(2),
    ),
    ("kl_divergence", {"x": [[0.0], [0.0]], "target": [[1.0], [2]]}, {"axis": -1, "reduction": "sum"}, 2 * log(2)),
    ("instance_norm", {"x": [[[[1.0, 3]], [[5, 9]]]]}, {"epsilon": 0.0}, [[[[-1, 1]], [[-1, 1]]]]),
    (
        "instance_norm",
        {"x": [[[[1.0, 3]]]], "scale": [10.0], "shift": [100.0]},
        {"epsilon": 3.0},
        [[[[95, 105]]]],
    ),
    ("layer_norm", {"x": [[1.0, 3]], "scale": [10.0, 20], "shift": [100.0, 200]}, {"epsilon": 3.0, "axis": -1}, [[95, 210]]),
    (
        "layer_norm",
        {"x": [[[1.0, 5], [3, 9]]], "scale": [10.0, 20], "shift": [0.0, 0]},
        {"epsilon": 0.0, "axis": 0},
        [[[-10, -10], [20, 20]]],
    ),
    ("leaky_relu", {"x": [[-4.0, 0.5, 4]]}, {"slope": 0.25}, [[-1, 0.5, 4]]),
    (
        "local_response_norm",
        {"x": [[[[1.0]], [[2]], [[3]]]]},
        {"size": 3, "alpha": 2.0, "beta": 0.5, "k": 6.0},
        [[[[1 / 4]], [[2 / sqrt(34)]], [[3 / sqrt(32)]]]],
    ),
    ("log_softmax", {"x": [[0.0, log(3)]]}, {"axis": -1}, [[log(0.25), log(0.75)]]),
    ("log_softmax", {"x": [[[1000.0, 5], [1000 + log(3), 5]]]}, {"axis": 0}, [[[log(0.25), log(0.5)], [log(0.75), log(0.5)]]]),
    ("matmul", {"x": [[[1.0, 10]]], "other": [[[1.0, 2], [3, 4]]]}, {"transpose_other": False}, [[[31, 42]]]),
    ("matmul", {"x": [[[1.0, 10]]], "other": [[[1.0, 2], [3, 4]]]}, {"transpose_other": True}, [[[21, 43]]]),
    (
        "max_pool2d",
        {"x": [[[[-1.0, -2, -3]]]]},
        {"kernel": (1, 2), "stride": (1, 2), "padding": ((0, 0), (1, 0))},
        [[[[-1, -2]]]],
    ),
    ("max_pool1d", {"x": [[[-1.0], [-2], [-3]]]}, {"kernel": 2, "stride": 2, "padding": (1, 0)}, [[[-1], [-2]]]),
    ("mean", {"x": [[1.0, 2], [3, 6]]}, {}, 3),
    ("mish", {"x": [[0.0, -1e4, 1e4, log(2)]]}, {}, [[0, 0, 1e4, 0.8 * log(2)]]),
    ("multiply", {"branches": ([[2.0, 3]], [[5.0, 7]], [[10.0, 100]])}, {}, [[100, 2100]]),
    ("pad2d", {"x": ROW}, {"padding": ((1, 0), (0, 2)), "mode": "zero"}, [[[[0, 0, 0, 0, 0], [1, 2, 3, 0, 0]]]]),
    ("pad2d", {"x": ROW}, {"padding": ((0, 0), (2, 1)), "mode": "reflect"}, [[[[3, 2, 1, 2, 3, 2]]]]),
    ("pad2d", {"x": ROW}, {"padding": ((0, 0), (2, 1)), "mode": "edge"}, [[[[1, 1, 1, 2, 3, 3]]]]),
    ("parameter", {"value": [[1.0, 2]]}, {"shape": (1, 2)}, [[1, 2]]),
    ("perceptron_loss", {"x": [[2.0, -3]], "target": [[1.0, 1]]}, {"reduction": "mean"}, 1.5),
    ("perceptron_loss", {"x": [[2.0, -3]], "target": [[-1.0, 1]]}, {"reduction": "sum"}, 5),
    ("prelu", {"x": [[-4.0, -2], [4, 2]], "slope": [0.25, 0.5]}, {}, [[-1, -1], [4, 2]]),
    ("prelu", {"x": [[[-4.0, 4], [-2, 2]]], "slope": [0.25, 0.5]}, {}, [[[-1, 4], [-1, 2]]]),
    ("prelu", {"x": [[-4.0, -2]], "slope": [0.25]}, {}, [[-1, -0.5]]),
    ("relu", {"x": [[-1.0, 0, 0.5]]}, {}, [[0, 0, 0.5]]),
    ("relu6", {"x": [[-1.0, 0.5, 5.5, 6, 6.5]]}, {}, [[0, 0.5, 5.5, 6, 6]]),
    ("reshape", {"x": [[1.0, 2, 3, 4]]}, {"shape": (2, 2)}, [[[1, 2], [3, 4]]]),
    ("rms_norm", {"x": [[1.0, 7]], "scale": [10.0, 20]}, {"epsilon": 0.0, "axis": -1}, [[2, 28]]),
    (
        "rms_norm",
        {"x": [[[1.0, 5], [7, 5]]], "scale": [10.0, 20]},
        {"epsilon": 11.0, "axis": 0},
        [[[10 / 6, 50 / 6], [140 / 6, 100 / 6]]],
    ),
    ("select", {"x": [[[1.0, 2], [3, 4]]]}, {"index": -1, "axis": 0}, [[3, 4]]),
    ("reverse", {"x": [[[1.0, 2], [3, 4], [5, 6]]]}, {}, [[[5, 6], [3, 4], [1, 2]]]),
    ("select", {"x": [[[1.0, 2], [3, 4]]]}, {"index": 0, "axis": -1}, [[1, 3]]),
    ("selu", {"x": [[-log(2), 2]]}, {}, [[-0.5 * 1.7580993408473768, 2.1014019747109609]]),
    ("sigmoid", {"x": [[0.0, log(3), -1000, 1000]]}, {}, [[0.5, 0.75, 0, 1]]),
    ("sigmoid_cross_entropy", {"x": [[1e4, -1e4]], "target": [[0.25, 1]]}, {"reduction": "mean"}, (7500 + 1e4) / 2),
    ("sigmoid_cross_entropy", {"x": [[0.0, log(3)]], "target": [[0.0, 1]]}, {"reduction": "sum"}, log(2) + log(4 / 3)),
    ("silu", {"x": [[0.0, log(3), -1e4, 1e4]]}, {}, [[0, 0.75 * log(3), 0, 1e4]]),
    ("softmax", {"x": [[0.0, log(3)]]}, {"axis": -1}, [[0.25, 0.75]]),
    ("softmax", {"x": [[[1000.0, 5], [1000 + log(3), 5]]]}, {"axis": 0}, [[[0.25, 0.5], [0.75, 0.5]]]),
    ("softplus", {"x": [[0.0, log(3), -1e4, 1e4]]}, {}, [[log(2), log(4), 0, 1e4]]),
    ("softsign", {"x": [[-3.0, 0, 1, 1e4]]}, {}, [[-0.75, 0, 0.5, 1e4 / 10001]]),
    ("squared_error", {"x": [[1.0, -2]], "target": [[3.0, 1]]}, {"reduction": "mean"}, 6.5),
    ("squared_error", {"x": [[1.0, -2]], "target": [[3.0, 1]]}, {"reduction": "sum"}, 13),
    ("sum", {"x": [[[1.0, 2], [3, 4]]]}, {"axis": -1}, [[3, 7]]),
    ("sum", {"x": [[[1.0, 2], [3, 4]]]}, {"axis": 0}, [[4, 6]]),
    ("tanh", {"x": [[0.0, log(2)]]}, {}, [[0, 0.6]]),
    ("transpose", {"x": [[[1.0, 2], [3, 4]]]}, {"axes": (1, 0)}, [[[1, 3], [2, 4]]]),
    (
        "upsample2d",
        {"x": [[[[1.0, 2]]]]},
        {"scale": (2, 3), "mode": "nearest", "corners": "half_pixel"},
        [[[[1, 1, 1, 2, 2, 2]] * 2]],
    ),
    ("upsample2d", {"x": [[[[0.0, 4]]]]}, {"scale": (1, 2), "mode": "bilinear", "corners": "half_pixel"}, [[[[0, 1, 3, 4]]]]),
    ("upsample2d", {"x": [[[[0.0, 3]]]]}, {"scale": (1, 2), "mode": "bilinear", "corners": "aligned"}, [[[[0, 1, 2, 3]]]]),
    (
        "upsample2d",
        {"x": [[[[0.0], [4]]]]},
        {"scale": (2, 1), "mode": "bilinear", "corners": "half_pixel"},
        [[[[0], [1], [3], [4]]]],
    ),
    ("weighted_mean", {"x": [[1.0, 2], [3, 4]], "weights": [[1.0, 0], [1, 2]]}, {}, 3),
    ("weighted_sum", {"x": [[1.0, 2], [3, 4]], "weights": [[1.0, 10], [100, 1000]]}, {}, 4321),
]
"""Op, arrays (batch first), attributes, the output that anyone can check."""

ELSEWHERE = {
    "additive_attention",
    "batch_norm",
    "embedding",
    "gru",
    "gru_cell",
    "learned_positions",
    "lstm",
    "multi_head_attention",
    "rnn",
    "sinusoidal_positions",
    "softmax_cross_entropy",
}
"""batch_norm has its values below, the others theirs in test_attention_values and test_recurrent_values."""


@pytest.mark.parametrize(
    ("op", "arrays", "attributes", "expected"), VALUES, ids=[f"{row[0]}-{n}" for n, row in enumerate(VALUES)]
)
def test_output(op: str, arrays: dict[str, Any], attributes: dict[str, Any], expected: Any) -> None:
    y, _ = outputs_of(op, arrays, attributes)
    np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-15)


def test_reverse_turns_the_valid_steps_and_leaves_the_others() -> None:
    x, lengths = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]), np.array([2, 1, 3])
    y, _ = reverse.forward(Run(), x, lengths=lengths)
    np.testing.assert_array_equal(y, [[2, 1, 3], [4, 5, 6], [9, 8, 7]])


def test_every_op_has_a_value() -> None:
    assert {row[0] for row in VALUES} | ELSEWHERE == set(TABLE)
