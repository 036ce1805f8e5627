"""Grids of hyper-parameters: every example is legal, every pair of values meets, every attribute moves."""

from __future__ import annotations

from itertools import combinations

import pytest
from op_examples import complete, draw

from parity.ops import TABLE
from parity.ops.definition import Run
from parity.spec.op_graphs import op_graph
from parity.trials.op_grids import GRIDS, grid, pairs, pairwise

GRIDDED = pytest.mark.parametrize("op", GRIDS)


def test_pairwise_meets_every_pair_in_few_rows() -> None:
    every = [{"a": a, "b": b, "c": c} for a in range(3) for b in range(3) for c in range(3)]
    chosen = pairwise(every)
    assert {pair for row in chosen for pair in pairs(row)} == {pair for row in every for pair in pairs(row)}
    assert 9 <= len(chosen) < 13
    assert [row["a"] for row in pairwise([{"a": 1}, {"a": 2}])] == [1, 2]
    assert pairwise([]) == []


@GRIDDED
def test_every_example_is_legal_and_runs(op: str) -> None:
    examples = grid(op)
    assert len({example.name for example in examples}) == len(examples) >= 2
    assert not {example.name for example in examples} & {example.name for example in TABLE[op].EXAMPLES}
    for example in examples:
        assert op_graph(op, example).nodes[0].op == op
        outputs, _ = draw(TABLE[op], example).forward(Run())
        assert outputs


@GRIDDED
def test_every_value_is_taken_and_pairs_meet(op: str) -> None:
    """Pairs that no legal example has are left out; every single value must be there."""
    examples = grid(op)
    for name, values in GRIDS[op].choices.items():
        assert {repr(example.attributes[name]) for example in examples} == {repr(value) for value in values}, name
    for role in GRIDS[op].optional:
        assert {role in example.shapes for example in examples} == {True, False}
    if op == "conv2d":
        known = [complete(TABLE[op], example) for example in examples]
        for (first, ones), (second, others) in combinations(GRIDS[op].choices.items(), 2):
            met = {(one[first], one[second]) for one in known}
            assert met == {(one, other) for one in ones for other in others}, (first, second)


def test_an_op_without_a_grid_has_none() -> None:
    assert grid("relu") == ()
    assert set(GRIDS) <= set(TABLE)
