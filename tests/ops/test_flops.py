"""FLOPs of every op against counts by hand; a multiply-add counts as 2, a function of one number as 1."""

from __future__ import annotations

from typing import Any

import pytest
from op_examples import complete, expand, input_shapes

from parity.ops import TABLE

PER_NUMBER = {
    "batch_norm": 4,
    "dropout": 1,
    "elu": 3,
    "group_norm": 8,
    "rms_norm": 5,
    "hard_sigmoid": 4,
    "hard_swish": 5,
    "instance_norm": 8,
    "layer_norm": 8,
    "leaky_relu": 2,
    "log_softmax": 5,
    "mish": 6,
    "prelu": 2,
    "relu": 1,
    "relu6": 2,
    "selu": 4,
    "sigmoid": 4,
    "silu": 5,
    "softmax": 5,
    "softplus": 4,
    "softsign": 3,
    "tanh": 1,
}
FREE = ("concat", "crop", "embedding", "flatten", "pad2d", "parameter", "reshape", "reverse", "select", "transpose")
"""What only moves numbers."""


def test_flops_of_element_wise_ops() -> None:
    for op, each in PER_NUMBER.items():
        arguments = {"x": (3, 5, 7)}, {"": (3, 5, 7)}
        assert TABLE[op].flops(*arguments, **({"rate": 0.5} if op == "dropout" else {})) == each * 105, op
    for op in FREE:
        for example in TABLE[op].EXAMPLES:
            assert TABLE[op].flops(example.shapes, {"": (3, 5)}, **example.attributes) == 0, op
    assert TABLE["gelu"].flops({}, {"": (7,)}, form="erf") == 35
    assert TABLE["gelu"].flops({}, {"": (7,)}, form="tanh") == 63


FLOPS = [
    ("absolute_error", {"x": (3, 5)}, (), {}, 45),
    ("binary_cross_entropy", {"x": (3, 5)}, (), {"label": 1.0}, 120),
    ("adaptive_average_pool2d", {"x": (2, 5, 7)}, (2, 3, 3), {"size": (3, 3)}, 70 + 18),
    ("global_max_pool2d", {"x": (3, 5, 7)}, (3,), {}, 102),
    ("upsample2d", {"x": (2, 3, 5)}, (2, 6, 10), {"mode": "bilinear"}, 960),
    ("upsample2d", {"x": (2, 3, 5)}, (2, 6, 10), {"mode": "nearest"}, 0),
    ("hinge", {"x": (3, 5)}, (), {}, 60),
    ("huber", {"x": (3, 5)}, (), {}, 75),
    ("kl_divergence", {"x": (3, 5)}, (), {}, 75),
    ("perceptron_loss", {"x": (3, 5)}, (), {}, 45),
    ("sigmoid_cross_entropy", {"x": (3, 5)}, (), {}, 120),
    ("global_average_pool2d", {"x": (3, 5, 7)}, (3,), {}, 105),
    ("local_response_norm", {"x": (7, 2, 3)}, (7, 2, 3), {"size": 5}, 42 * 14),
    ("max_pool2d", {"x": (2, 4, 4)}, (2, 2, 2), {"kernel": (2, 3)}, 40),
    ("mean", {"x": (3, 5)}, (), {}, 15),
    ("multiply", {"branches": ((3, 5),) * 3}, (3, 5), {}, 30),
    ("squared_error", {"x": (3, 5)}, (), {}, 45),
    ("sum", {"x": (3, 5)}, (3,), {"axis": 1}, 12),
    ("weighted_mean", {"x": (3, 5)}, (), {}, 45),
    ("weighted_sum", {"x": (3, 5)}, (), {}, 30),
    ("conv2d", {"x": (4, 5, 7)}, (6, 3, 3), {"kernel": (3, 2), "groups": 2, "bias": True}, 6 * 9 * (2 * 2 * 6 + 1)),
    ("conv1d", {"x": (7, 4)}, (5, 6), {"kernel": 3, "groups": 2, "bias": True}, 30 * (2 * 2 * 3 + 1)),
    (
        "conv3d",
        {"x": (4, 5, 5, 7)},
        (6, 2, 3, 3),
        {"kernel": (2, 3, 2), "groups": 2, "bias": True},
        6 * 18 * (2 * 2 * 12 + 1),
    ),
    ("max_pool1d", {"x": (7, 2)}, (3, 2), {"kernel": 3}, 12),
    ("average_pool1d", {"x": (7, 2)}, (3, 2), {"kernel": 3}, 18),
    ("conv_transpose2d", {"x": (4, 5, 7)}, (6, 7, 8), {"channels": 6, "kernel": (3, 2), "bias": True}, 2 * 140 * 36 + 336),
    ("dense", {"x": (3, 7)}, (3, 5), {"units": 5, "bias": True}, 15 * 15),
    ("matmul", {"x": (3, 5), "other": (5, 7)}, (3, 7), {"transpose_other": False}, 2 * 105),
    ("matmul", {"x": (2, 3, 5), "other": (2, 5, 7)}, (2, 3, 7), {"transpose_other": False}, 2 * 210),
    ("average_pool2d", {"x": (2, 4, 4)}, (2, 2, 2), {"kernel": (2, 2)}, 32),
    ("add", {"branches": ((3, 5),) * 3}, (3, 5), {}, 30),
    ("formula", {"x": (3,)}, (3,), {"text": "2*x + (1 + 3)"}, 6),
]


@pytest.mark.parametrize(
    ("op", "shapes", "output", "attributes", "expected"), FLOPS, ids=[f"{row[0]}-{n}" for n, row in enumerate(FLOPS)]
)
def test_flops(op: str, shapes: dict[str, Any], output: tuple[int, ...], attributes: dict[str, Any], expected: int) -> None:
    assert TABLE[op].flops(shapes, {"": output}, **attributes) == expected


PRODUCTS: list[tuple[str, dict[str, Any], int]] = [
    ("lstm", {}, 5 * 2 * (3 + 7) * 28),
    ("lstm", {"layers": 2}, 5 * 2 * (3 + 7 + 7 + 7) * 28),
    ("gru", {}, 5 * 2 * (3 + 7) * 21),
    ("rnn", {}, 5 * 2 * (3 + 7) * 7),
    ("gru_cell", {}, 2 * (3 + 7) * 21),
    ("multi_head_attention", {}, 4 * 5 * 2 * 6 * 6 + 2 * 2 * 5 * 5 * 6),
    ("additive_attention", {}, 3 * 2 * 5 * 11 + 7 * 2 * 2 * 11 + 21 * 2 * 11 + 21 * 2 * 2),
    ("softmax_cross_entropy", {}, 3 * 7),
    ("learned_positions", {}, 15),
    ("sinusoidal_positions", {}, 35),
]
"""Ops of many small steps, on their first example: what their matrix products alone take, or one operation a number."""


@pytest.mark.parametrize(("op", "attributes", "products"), PRODUCTS, ids=[f"{row[0]}-{row[1]}" for row in PRODUCTS])
def test_products_make_up_most_of_the_count(op: str, attributes: dict[str, Any], products: int) -> None:
    example = TABLE[op].EXAMPLES[0]
    given = complete(TABLE[op], example) | attributes
    shapes = input_shapes(TABLE[op], example)
    count = TABLE[op].flops(shapes, expand(TABLE[op], shapes, given)[1], **given)
    assert products <= count < 1.5 * products


def test_every_op_is_counted_by_hand() -> None:
    assert {*PER_NUMBER, *FREE, "gelu", *(row[0] for row in FLOPS), *(row[0] for row in PRODUCTS)} == set(TABLE)
