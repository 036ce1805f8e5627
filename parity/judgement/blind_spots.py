"""Owns doubts about the data: a comparison that no wrong framework could have failed becomes `mistrusted`.

It refuses to touch a verdict that is not green: data that showed a difference can show one. The gradient of a
shared parameter may be zero because the parts of its uses cancel. That is no reason for doubt: a framework that
drops or doubles a part gets another gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement.comparison import Comparison
from parity.judgement.references import Pass, References
from parity.judgement.verdicts import GREEN
from parity.reference_impl.observation import observe
from parity.spec.graph import Graph, Node

Array = npt.NDArray[Any]


def constant_outputs(comparisons: Sequence[Comparison], graph: Graph, references: References) -> list[Comparison]:
    """Doubts outputs that have a batch but are the same for every example: the framework might not have read its input."""
    constant = set(_constant(graph, references))
    reason = "the reference is the same for every example of the batch"
    return [_doubted(comparison, reason) if comparison.tensor in constant else comparison for comparison in comparisons]


def _constant(graph: Graph, references: References) -> Iterator[str]:
    batched = {node.value(suffix) for node in graph.nodes if node.batched for suffix in node.outputs}
    for name in graph.outputs:
        if name not in batched or name not in references.evaluation.reference.values:
            continue
        array = references.evaluation.array("values", name)
        budget = references.evaluation.budget("values", name, references.u).maximum
        if len(array) > 1 and np.isfinite(array).all() and bool((np.abs(array - array[:1]) <= budget).all()):
            yield name


def saturated(comparisons: Sequence[Comparison], graph: Graph, references: References) -> list[Comparison]:
    """Doubts a sigmoid, tanh or softmax if all of its elements are flat in the tested precision."""
    flat = {node.name for node in graph.nodes if _flat(node, references)}
    return [
        _doubted(comparison, "every element is saturated: any input would do") if comparison.tensor in flat else comparison
        for comparison in comparisons
    ]


def _flat(node: Node, references: References) -> bool:
    if node.op not in ("sigmoid", "tanh", "softmax") or node.name not in references.reference.values:
        return False
    y = references.training.array("values", node.name)
    slope = 1 - y**2 if node.op == "tanh" else y * (1 - y)
    return bool((np.abs(slope) < 4 * references.u).all())


def cancelled(graph: Graph, values: Mapping[str, Array], pass_: Pass, phase: int = 0) -> dict[str, str]:
    """Parameters whose gradient is zero everywhere by cancellation -> why. Either the terms of a sum cancel, or the parts of
    several uses do; the terms or parts themselves are not zero.

    Examples: the bias before a batch norm moves every example alike; the bias before the difference of two siamese towers moves
    both codes alike. A gradient that is zero in every order of summation and in every part is left out.
    """
    gradients = {}
    for name, gradient in pass_.reference.gradients.items():
        if np.any(gradient):
            continue
        left = pass_.beside("gradients", name).size
        if left > 0:
            gradients[name] = f"zero by mathematics: its terms cancel, and leave up to {left:.2g} in other orders of summation"
            continue
        parts = _parts(graph, values, name, phase)
        if len(parts) > 1 and all(part > 0 for part in parts):
            gradients[name] = f"zero by mathematics: the parts of its {len(parts)} uses, up to {max(parts):.2g}, cancel"
    return gradients


def _parts(graph: Graph, values: Mapping[str, Array], name: str, phase: int) -> list[float]:
    """The greatest element of each part of a parameter's gradient, one part per use: each use gets a parameter of its own."""
    own: list[str] = []

    def apart(node: Node) -> Node:
        if name not in node.parameters.values():
            return node
        own.append(f"{name}@{len(own)}")
        return replace(node, parameters={role: own[-1] if held == name else held for role, held in node.parameters.items()})

    nodes = tuple(apart(node) for node in graph.nodes)
    program = graph.phases[phase]
    program = replace(program, nodes=tuple(apart(node) for node in program.nodes), updates=dict.fromkeys(own, 1.0))
    kept = [parameter for parameter in graph.parameters if parameter.name != name]
    shared = next((parameter for parameter in graph.parameters if parameter.name == name), None)
    if shared is None or not own:
        return []
    added = [replace(shared, name=name) for name in own]
    split = replace(graph, nodes=nodes, parameters=(*kept, *added), phases=(program,))
    reference = observe(split, {**values, **dict.fromkeys(own, values[name])})
    return [float(np.max(np.abs(reference.gradients[name]))) for name in own]


def _doubted(comparison: Comparison, reason: str) -> Comparison:
    return replace(comparison, verdict="mistrusted", reason=reason) if comparison.verdict in GREEN else comparison
