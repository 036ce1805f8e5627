"""Owns grids of hyper-parameters: for ops with several, examples in which every pair of values meets at least once.

It refuses what an op's signature refuses; what each attribute does by itself stands in the op's own examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

from parity.ops.definition import Example, Shape, ShapeError
from parity.spec.op_graphs import op_graph

Choice = Mapping[str, Any]
NONE, UNEVEN = ((0, 0), (0, 0)), ((1, 0), (0, 1))
FLAGS = (True, False)


@dataclass(frozen=True)
class Grid:
    """Shapes of the inputs, values of each attribute, and inputs that may be left out (role -> shape)."""

    shapes: Mapping[str, Shape]
    choices: Mapping[str, Sequence[Any]]
    optional: Mapping[str, Shape] = field(default_factory=dict)
    below: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, tuple[int, int]] = field(default_factory=dict)


IMAGE, LENGTHS = {"x": (6, 7, 11)}, {"lengths": (1, 5)}
RECURRENT: Mapping[str, Any] = {"units": (7,), "layers": (1, 2)}
GRIDS: Mapping[str, Grid] = {
    "average_pool1d": Grid(
        {"x": (11, 2)},
        {"kernel": (2, 3), "stride": (1, 3), "padding": ((0, 0), (1, 1), (0, 1)), "count_padding": FLAGS},
    ),
    "average_pool2d": Grid(
        IMAGE,
        {
            "kernel": ((2, 2), (3, 2)),
            "stride": ((1, 1), (2, 3)),
            "padding": (NONE, ((1, 1), (1, 1)), UNEVEN),
            "count_padding": FLAGS,
        },
    ),
    "batch_norm": Grid(
        IMAGE,
        {
            "epsilon": (1e-5, 2.0**-3),
            "momentum": (0.9, 0.75),
            "scale": FLAGS,
            "shift": FLAGS,
            "running_variance": ("biased", "unbiased"),
        },
    ),
    "conv1d": Grid(
        {"x": (11, 6)},
        {
            "channels": (6,),
            "kernel": (1, 3),
            "stride": (1, 2),
            "padding": ((0, 0), (1, 1), (2, 0)),
            "dilation": (1, 2),
            "groups": (1, 2, 6),
            "bias": FLAGS,
        },
    ),
    "conv2d": Grid(
        IMAGE,
        {
            "channels": (6,),
            "kernel": ((1, 1), (3, 3), (3, 2)),
            "stride": ((1, 1), (2, 2), (2, 1)),
            "padding": (NONE, ((1, 1), (1, 1)), UNEVEN),
            "dilation": ((1, 1), (2, 2), (1, 2)),
            "groups": (1, 2, 6),
            "bias": FLAGS,
        },
    ),
    # Eight channels: beside a 1×1 kernel and a stride, fewer let TensorFlow write beyond a buffer where there is no AVX-512.
    "conv_transpose2d": Grid(
        {"x": (2, 5, 7)},
        {
            "channels": (8,),
            "kernel": ((1, 1), (3, 3), (4, 2)),
            "stride": ((1, 1), (2, 2), (1, 3)),
            "padding": (NONE, ((1, 1), (1, 1)), UNEVEN),
            "dilation": ((1, 1), (2, 2)),
            "bias": FLAGS,
        },
    ),
    "gru": Grid(
        {"x": (5, 3)}, {**RECURRENT, "reset": ("after", "before"), "dropout": (0.0, 0.5)}, {"lengths": ()}, limits=LENGTHS
    ),
    "kl_divergence": Grid(
        {"x": (2, 3, 5), "target": (2, 3, 5)},
        {"axis": (0, 1, 2), "reduction": ("mean", "sum")},
        limits={"target": (0, 1)},
    ),
    "layer_norm": Grid({"x": (2, 5, 7)}, {"axis": (0, 1, 2), "epsilon": (1e-5, 2.0**-3)}),
    "lstm": Grid({"x": (5, 3)}, {**RECURRENT, "recurrent_bias": FLAGS, "dropout": (0.0, 0.5)}, {"lengths": ()}, limits=LENGTHS),
    "max_pool1d": Grid({"x": (11, 2)}, {"kernel": (1, 2, 3), "stride": (1, 3), "padding": ((0, 0), (1, 1), (0, 1))}),
    "max_pool2d": Grid(
        IMAGE,
        {"kernel": ((1, 1), (2, 2), (3, 2)), "stride": ((1, 1), (2, 3)), "padding": (NONE, ((1, 1), (1, 1)), UNEVEN)},
    ),
    "multi_head_attention": Grid(
        {"x": (5, 6)},
        {"heads": (1, 2, 3), "causal": FLAGS, "bias": FLAGS, "dropout": (0.0, 0.5)},
        {"lengths": ()},
        limits=LENGTHS,
    ),
    "pad2d": Grid(
        {"x": (2, 5, 7)}, {"mode": ("zero", "reflect", "edge"), "padding": (UNEVEN, ((2, 2), (2, 2)), ((0, 3), (1, 2)))}
    ),
    "rms_norm": Grid({"x": (2, 5, 7)}, {"axis": (0, 1, 2), "epsilon": (1e-6, 2.0**-3)}),
    "softmax": Grid({"x": (2, 5, 7)}, {"axis": (0, 1, 2)}),
    "softmax_cross_entropy": Grid(
        {"x": (5, 7), "labels": (5,)},
        {"axis": (1,), "smoothing": (0.0, 0.25), "mean": ("all", "sequences")},
        {"lengths": ()},
        below={"labels": 7},
        limits=LENGTHS,
    ),
    "upsample2d": Grid(
        {"x": (2, 3, 5)},
        {"scale": ((1, 2), (2, 2), (3, 2)), "mode": ("nearest", "bilinear"), "corners": ("half_pixel", "aligned")},
    ),
}


def grid(op: str) -> tuple[Example, ...]:
    """The grid's examples of an op, `grid0`, `grid1`, …; none where it has no grid."""
    if op not in GRIDS:
        return ()
    rows = pairwise([row for row in _rows(GRIDS[op]) if _legal(op, _example(GRIDS[op], row, ""))])
    return tuple(_example(GRIDS[op], row, f"grid{place}") for place, row in enumerate(rows))


def pairwise(every: Sequence[Choice]) -> list[Choice]:
    """As few rows as come out when each next one is the first that brings the most new pairs of values."""
    wanted = {pair for row in every for pair in pairs(row)}
    chosen = []
    while wanted:
        best = max(every, key=lambda row: len(pairs(row) & wanted))
        chosen.append(best)
        wanted -= pairs(best)
    return chosen


def pairs(row: Choice) -> set[tuple[Any, Any]]:
    """Every two values that meet in a row; a row of one value is a pair by itself."""
    items = sorted(row.items())
    return set(combinations(items, 2)) if len(items) > 1 else {(items[0], items[0])}


def _rows(grid: Grid) -> list[Choice]:
    choices = {**grid.choices, **dict.fromkeys(grid.optional, FLAGS)}
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


def _example(grid: Grid, row: Choice, name: str) -> Example:
    shapes = {**grid.shapes, **{role: shape for role, shape in grid.optional.items() if row[role]}}
    attributes = {key: value for key, value in row.items() if key not in grid.optional}
    limits = {role: limit for role, limit in grid.limits.items() if role in shapes}
    return Example(shapes, attributes, grid.below, limits, name)


def _legal(op: str, example: Example) -> bool:
    try:
        op_graph(op, example)
    except ShapeError:
        return False
    return True
