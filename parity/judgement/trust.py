"""Owns doubts about the data: comparisons that no wrong framework could have failed become `mistrusted`.

It refuses to touch a verdict that is not green: what differs has been told apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement.comparison import Comparison
from parity.judgement.references import References
from parity.judgement.verdicts import GREEN
from parity.spec.graph import Graph, Node

Array = npt.NDArray[Any]


def constant_outputs(found: Sequence[Comparison], graph: Graph, known: References) -> list[Comparison]:
    """Outputs that are the same for every example, though they have a batch: the input might not have been read."""
    constant = set(_constant(graph, known))
    reason = "the reference is the same for every example of the batch"
    return [_doubted(one, reason) if one.tensor in constant else one for one in found]


def _constant(graph: Graph, known: References) -> Iterator[str]:
    batched = {node.value(suffix) for node in graph.nodes if node.batched for suffix in node.outputs}
    for name in graph.outputs:
        if name not in batched or name not in known.evaluation.reference.values:
            continue
        array = known.evaluation.array("values", name)
        budget = known.evaluation.budget("values", name, known.u).maximum
        if len(array) > 1 and np.isfinite(array).all() and bool((np.abs(array - array[:1]) <= budget).all()):
            yield name


def saturated(found: Sequence[Comparison], graph: Graph, known: References) -> list[Comparison]:
    """Sigmoids, tanhs and softmaxes all of whose elements are flat in the tested precision."""
    flat = {node.name for node in graph.nodes if _flat(node, known)}
    return [_doubted(one, "every element is saturated: any input would do") if one.tensor in flat else one for one in found]


def _flat(node: Node, known: References) -> bool:
    if node.op not in ("sigmoid", "tanh", "softmax") or node.name not in known.reference.values:
        return False
    y = known.training.array("values", node.name)
    slope = 1 - y**2 if node.op == "tanh" else y * (1 - y)
    return bool((np.abs(slope) < 4 * known.u).all())


def _doubted(comparison: Comparison, reason: str) -> Comparison:
    return replace(comparison, verdict="mistrusted", reason=reason) if comparison.verdict in GREEN else comparison
