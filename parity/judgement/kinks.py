"""Owns the doubt at kinks: which units lie within rounding of a branch, whether to redraw because of them, which branch a
framework was seen to take, and how far a gradient may move if such units fall on the other side.

It refuses to excuse anything outside of the margin, and anything in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import VALUE, array_name
from parity.judgement import budgets
from parity.judgement.comparison import Comparison
from parity.judgement.references import Pass, References
from parity.judgement.verdicts import GREEN
from parity.ops import TABLE
from parity.ops.definition import Run, evaluate
from parity.reference_impl.observation import observe
from parity.spec.graph import Graph, Node

Array = npt.NDArray[Any]


def near(references: References) -> bool:
    """Whether rounding alone may turn any branch of the training or evaluation pass. If so, the caller should draw again."""
    passes = (references.training, references.evaluation)
    return any(doubted.any() for pass_ in passes for _, doubted in doubts(references.graph, pass_, references.u))


def doubts(graph: Graph, pass_: Pass, u: float, *, ties: bool = False) -> Iterator[tuple[Node, Array]]:
    """Kinked nodes (outside of scans), each with a mask of the elements in doubt.

    A distance of exactly 0 is no doubt: it comes from values that are equal by construction (zeros after a relu), not from
    rounding. ties: count such elements too. If a relu before them is in doubt, a framework may not see the tie.
    """
    for node in graph.all_nodes():
        margin = pass_.reference.margins.get(node.name)
        if margin is None:
            continue
        reach = budgets.KINK / budgets.SHADOW * sum(_error(pass_, source, u) for source in node.sources())
        yield node, (margin <= reach) & (ties | (margin > 0))


def _error(pass_: Pass, source: str, u: float) -> float:
    """How far the value that decides a branch may lie from the reference. Values that the batch brings are exact."""
    return pass_.budget("values", source, u).maximum if source in pass_.reference.values else 0.0


def seen_branches(references: References, arrays: Mapping[str, Array]) -> tuple[dict[str, Any], int]:
    """The branches of nodes with elements in doubt, and the number of elements in doubt. A branch is the framework's where it
    is in doubt, and the reference's elsewhere.

    The framework's branch follows from its recorded activation before the kink; if that is missing, the reference's activation
    is taken. The activation has a budget of its own, so no branch is followed that lies further away than rounding reaches.
    """
    branches: dict[str, Any] = {}
    count = 0
    for node, doubted in doubts(references.graph, references.training, references.u, ties=True):
        if not doubted.any():
            continue
        expected = {source: references.value(source) for source in node.sources()}
        values = {source: arrays.get(array_name(VALUE, source), array) for source, array in expected.items()}
        if any(values[source].shape != array.shape for source, array in expected.items()):
            continue
        parameters = {role: references.values[name] for role, name in node.parameters.items()}
        ours, theirs = _taken(node, expected, parameters), _taken(node, values, parameters)
        if isinstance(ours, tuple):
            branches[node.name] = tuple(_merged(doubted, *pair) for pair in zip(ours, theirs, strict=True))
        else:
            branches[node.name] = _merged(doubted, ours, theirs)
        count += int((doubted & (references.reference.margins[node.name] > 0)).sum())
    return branches, count


def unseen(references: References, arrays: Mapping[str, Array]) -> set[str]:
    """Kinked nodes with elements in doubt whose inputs the record does not show: nodes of losses and of phases."""
    return {
        node.name
        for node, doubted in doubts(references.graph, references.training, references.u, ties=True)
        if doubted.any()
        and any(source in references.reference.values and array_name(VALUE, source) not in arrays for source in node.sources())
    }


def judged_either_way(
    judged: Callable[[Pass], list[Comparison]],
    graph: Graph,
    started: Mapping[str, Array],
    pass_: Pass,
    dtype: str,
    *,
    phase: int = 0,
    nodes: Collection[str] | None = None,
) -> list[Comparison]:
    """Judges beside a pass whose branches no record shows. If a comparison is not green, judges again and
    allows for what units in doubt may move.

    started: the values from which the pass starts. nodes: the nodes whose branches are unknown; None for all nodes.
    """
    comparisons = judged(pass_)
    if dtype == "float64" or all(comparison.verdict in GREEN for comparison in comparisons):
        return comparisons
    u = budgets.roundoff(dtype)
    moved = _moved(graph, started, pass_, u, phase, nodes)
    if not moved:
        return comparisons
    count = sum(int(doubted.sum()) for node, doubted in doubts(graph, pass_, u) if nodes is None or node.name in nodes)
    note = f"with {count} units within rounding of a kink on either side"
    return [_noted(*pair, note) for pair in zip(comparisons, judged(pass_.moved(moved)), strict=True)]


def _noted(before: Comparison, after: Comparison, note: str) -> Comparison:
    """Adds the note to a verdict that is green only because units in doubt were allowed for."""
    if after.verdict not in GREEN or before.verdict in GREEN:
        return after
    return replace(after, reason="; ".join(part for part in (after.reason, note) if part))


Moved = dict[str, dict[str, budgets.Spread]]


def _moved(
    graph: Graph, started: Mapping[str, Array], pass_: Pass, u: float, phase: int, nodes: Collection[str] | None
) -> Moved:
    """Kind and name -> how far a gradient moves if units in doubt fall on the other side; {} if no unit is in doubt.

    Two samples: the first moves each deciding value as far as rounding may have moved it, up or down by chance; the second
    moves it the other way. So each relu in doubt is turned in one of the two. A framework turns some of them, and their moves
    need not cancel as the moves of all do. The two are samples of what may happen, and budgets.SHADOW multiplies them as it
    multiplies the error of a shadow.
    """
    moves: Moved = {"gradients": {}, "input_gradients": {}}
    for way in (1.0, -1.0):
        branches = _turned(graph, started, pass_, u, way, nodes)
        if not branches:
            return {}
        turned = observe(graph, started, "float64", phase=phase, branches={**pass_.reference.branches, **branches})
        for kind, spreads in moves.items():
            for name, array in getattr(turned, kind).items():
                spread = budgets.spread(pass_.array(kind, name), [array])
                spreads[name] = spread.joined(spreads.get(name, spread))
    return moves


def _turned(
    graph: Graph, started: Mapping[str, Array], pass_: Pass, u: float, way: float, nodes: Collection[str] | None
) -> dict[str, Any]:
    """The branches of nodes with elements in doubt: in doubt, the branch that moved values decide; elsewhere, the reference's.
    A later kink sees the values that an earlier turned kink gives."""
    branches, turned, numbers = dict[str, Any](), dict[str, Array](), np.random.RandomState(0)
    for node, doubted in doubts(graph, pass_, u, ties=True):
        if not doubted.any() or (nodes is not None and node.name not in nodes):
            continue
        moved = dict[str, Array]()
        for source in node.sources():
            array = turned.get(source, pass_.reference.values[source] if source in pass_.reference.values else started[source])
            reach = 0.0 if source in turned else way * budgets.KINK / budgets.SHADOW * _error(pass_, source, u)
            moved[source] = array + reach * numbers.choice([-1.0, 1.0], array.shape) if reach else array
        outputs, theirs = _evaluated(node, moved, {role: started[name] for role, name in node.parameters.items()})
        ours = pass_.reference.branches[node.name]
        if isinstance(ours, tuple):
            branches[node.name] = tuple(_merged(doubted, *pair) for pair in zip(ours, theirs, strict=True))
        else:
            branches[node.name] = _merged(doubted, ours, theirs)
        if isinstance(outputs, np.ndarray) and outputs.shape == doubted.shape:
            turned[node.name] = np.where(doubted, outputs, pass_.reference.values[node.name])
    return branches


def _taken(node: Node, values: Mapping[str, Array], parameters: Mapping[str, Array]) -> Any:
    """The branch that the op itself chooses on these inputs: an array, or several arrays for a formula."""
    return _evaluated(node, values, parameters)[1]


def _evaluated(node: Node, values: Mapping[str, Array], parameters: Mapping[str, Array]) -> tuple[Any, Any]:
    """The outputs of the op on these inputs, and the branch that it chooses."""
    sources = {role: values[source].astype(np.float64) for role, source in node.inputs.items() if isinstance(source, str)}
    sources |= {role: array.astype(np.float64) for role, array in parameters.items()}
    outputs, saved = evaluate(TABLE[node.op], Run("float64"), sources, node.attributes)
    return outputs, TABLE[node.op].taken(saved)


def _merged(doubted: Array, ours: Array, theirs: Array) -> Array:
    return np.where(doubted, theirs, ours) if doubted.shape == ours.shape else theirs
