"""Owns the doubt at kinks: which units lie within rounding of a branch, whether a draw is to be thrown away for them, which
branch a framework was seen to take there, and how far a gradient may move where they fall to the other side.

It refuses to excuse anything outside of the margin, and everything in float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement import budgets
from parity.judgement.references import Pass, References
from parity.ops import TABLE
from parity.ops.definition import Run, evaluate
from parity.reference_impl.observation import observe
from parity.spec.graph import Graph, Node

Array = npt.NDArray[Any]


def near(references: References) -> bool:
    """Whether any branch of the training or evaluation pass may go either way by rounding alone: draw again."""
    passes = (references.training, references.evaluation)
    return any(doubted.any() for one in passes for _, doubted in doubts(references.graph, one, references.u))


def doubts(graph: Graph, one: Pass, u: float, *, ties: bool = False) -> Iterator[tuple[Node, Array]]:
    """Kinked nodes (outside of scans) with a mask of the elements in doubt.

    A distance of exactly 0 is none: it comes from values that are equal by construction (zeros after a relu), not by rounding.
    ties: those too. Where a relu before it is in doubt, a framework need not see the tie.
    """
    for node in graph.all_nodes():
        margin = one.reference.margins.get(node.name)
        if margin is None:
            continue
        reach = budgets.KINK / budgets.SHADOW * sum(_error(one, source, u) for source in node.sources())
        yield node, (margin <= reach) & (ties | (margin > 0))


def _error(one: Pass, source: str, u: float) -> float:
    """How far the value that decides may come out; what the batch brings is exact."""
    return one.budget("values", source, u).maximum if source in one.reference.values else 0.0


def seen_branches(references: References, arrays: Mapping[str, Array]) -> tuple[dict[str, Any], int]:
    """For nodes with elements in doubt: the reference's branches, and the framework's where in doubt. And how many those are.

    The framework's branch is what its recorded activation before the kink decides; where that is missing, the reference's.
    That activation has a budget of its own, so no branch is followed that lies further away than rounding reaches.
    """
    branches: dict[str, Any] = {}
    count = 0
    for node, doubted in doubts(references.graph, references.training, references.u, ties=True):
        if not doubted.any():
            continue
        expected = {source: references.value(source) for source in node.sources()}
        seen = {source: arrays.get(f"value/{source}", array) for source, array in expected.items()}
        if any(seen[source].shape != array.shape for source, array in expected.items()):
            continue
        parameters = {role: references.values[name] for role, name in node.parameters.items()}
        ours, theirs = _taken(node, expected, parameters), _taken(node, seen, parameters)
        if isinstance(ours, tuple):
            branches[node.name] = tuple(_merged(doubted, *pair) for pair in zip(ours, theirs, strict=True))
        else:
            branches[node.name] = _merged(doubted, ours, theirs)
        count += int((doubted & (references.reference.margins[node.name] > 0)).sum())
    return branches, count


def moved_gradients(references: References) -> dict[str, float]:
    """Parameter -> how far its gradient moves where units in doubt fall to the other side, which no record shows of a program
    that shows no activations. {} where none is in doubt.

    Two samples: every value that decides is moved as far as rounding may have moved it, up or down by chance, and the other way
    round. So each relu in doubt is turned in one of the two.
    """
    expected, found = references.reference.gradients, dict[str, float]()
    for branches in (_turned(references, 1.0), _turned(references, -1.0)):
        if not branches:
            return {}
        told = {**references.reference.branches, **branches}
        turned = observe(references.graph, references.values, "float64", branches=told).gradients
        moved = {name: budgets.greatest(turned[name] - array) for name, array in expected.items()}
        found = {name: max(distance, found.get(name, 0.0)) for name, distance in moved.items()}
    return found


def _turned(references: References, way: float) -> dict[str, Any]:
    """For nodes with elements in doubt: their branches, there as values that are moved decide. A kink behind a kink sees it."""
    branches, turned, numbers = dict[str, Any](), dict[str, Array](), np.random.RandomState(0)
    for node, doubted in doubts(references.graph, references.training, references.u, ties=True):
        if not doubted.any():
            continue
        moved = {source: turned[source] if source in turned else references.value(source) for source in node.sources()}
        for source in moved.keys() - turned.keys():
            reach = way * budgets.KINK / budgets.SHADOW * _error(references.training, source, references.u)
            moved[source] = moved[source] + reach * numbers.choice([-1.0, 1.0], moved[source].shape) if reach else moved[source]
        parameters = {role: references.values[name] for role, name in node.parameters.items()}
        outputs, theirs = _evaluated(node, moved, parameters)
        ours = references.reference.branches[node.name]
        if isinstance(ours, tuple):
            branches[node.name] = tuple(_merged(doubted, *pair) for pair in zip(ours, theirs, strict=True))
        else:
            branches[node.name] = _merged(doubted, ours, theirs)
        if isinstance(outputs, np.ndarray) and outputs.shape == doubted.shape:
            turned[node.name] = np.where(doubted, outputs, references.value(node.name))
    return branches


def _taken(node: Node, values: Mapping[str, Array], parameters: Mapping[str, Array]) -> Any:
    """What the op chooses by itself on these inputs: an array, or a formula's several."""
    return _evaluated(node, values, parameters)[1]


def _evaluated(node: Node, values: Mapping[str, Array], parameters: Mapping[str, Array]) -> tuple[Any, Any]:
    """What the op gives on these inputs, and what it chooses."""
    given = {role: values[source].astype(np.float64) for role, source in node.inputs.items() if isinstance(source, str)}
    given |= {role: array.astype(np.float64) for role, array in parameters.items()}
    outputs, saved = evaluate(TABLE[node.op], Run("float64"), given, node.attributes)
    return outputs, TABLE[node.op].taken(saved)


def _merged(doubted: Array, ours: Array, theirs: Array) -> Array:
    return np.where(doubted, theirs, ours) if doubted.shape == ours.shape else theirs
