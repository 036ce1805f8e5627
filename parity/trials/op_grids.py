"""Owns grids of attributes: for ops with several attributes, examples in which every pair of values meets at least once.

It refuses combinations that an op's signature refuses. What each attribute does by itself is in the op's own examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

from parity.ops import TABLE
from parity.ops._grids import FLAGS, Grid
from parity.ops.definition import Example, Op, ShapeError
from parity.spec.op_graphs import op_graph

Choice = Mapping[str, Any]
GRIDS: Mapping[str, Grid] = {name: Op(module).grid for name, module in TABLE.items() if Op(module).grid is not None}
"""Op -> the grid in its file."""


def grid(op: str) -> tuple[Example, ...]:
    """The examples of an op's grid, `grid0`, `grid1`, …; none if it has no grid."""
    if op not in GRIDS:
        return ()
    rows = pairwise([row for row in _rows(GRIDS[op]) if _legal(op, _example(GRIDS[op], row, ""))])
    return tuple(_example(GRIDS[op], row, f"grid{place}") for place, row in enumerate(rows))


def pairwise(every: Sequence[Choice]) -> list[Choice]:
    """A short list of rows that covers all pairs of values. Each next row is the first that brings the most new pairs."""
    wanted = {pair for row in every for pair in pairs(row)}
    chosen = []
    while wanted:
        best = max(every, key=lambda row: len(pairs(row) & wanted))
        chosen.append(best)
        wanted -= pairs(best)
    return chosen


def pairs(row: Choice) -> set[tuple[Any, Any]]:
    """All pairs of values in a row; the value of a row with one value counts as a pair."""
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
