"""Owns the search for where a departure begins: the departing nodes of a graph that no other departing node comes before, and
the comparisons that a fault there could show in.

It refuses to judge: its caller says which tensors depart, by the names of values and parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from parity.judgement.comparison import Comparison
from parity.spec.graph import Graph, Node

FORWARD = ("forward", "activation", "decoding")
BACKWARD = ("gradient", "input_gradient")
NAMED = 3
"""At most this many nodes are named in one reason."""


class Origins:
    """The nodes of a graph in order, and the nodes that each is computed from."""

    def __init__(self, graph: Graph) -> None:
        self.layers = {node.name: node for node in graph.nodes}
        self.losses = {node.name: node for phase in graph.phases for node in phase.nodes}
        self.nodes: Mapping[str, Node] = {**self.layers, **self.losses}

    @cached_property
    def upstream(self) -> Mapping[str, frozenset[str]]:
        """Node -> the nodes that it is computed from, itself included."""
        makers = {node.value(suffix): node.name for node in self.nodes.values() for suffix in node.outputs}
        nodes: dict[str, frozenset[str]] = {}
        for name, node in self.nodes.items():
            before = [nodes.get(makers[source], frozenset()) for source in node.sources() if source in makers]
            nodes[name] = frozenset({name}).union(*before)
        return nodes

    @cached_property
    def owners(self) -> Mapping[str, frozenset[str]]:
        """Value, parameter, statistic or input -> the nodes that compute it; if no node computes it, the nodes that use it."""
        names: dict[str, set[str]] = {}
        for node in self.nodes.values():
            inner = node.body.nodes if node.body else ()
            held = [name for node in (node, *inner) for part in (node.parameters, node.statistics) for name in part.values()]
            for name in (*held, *(node.value(suffix) for suffix in node.outputs), *node.sources()):
                names.setdefault(name, set()).add(node.name)
        makers = {node.value(suffix): node.name for node in self.nodes.values() for suffix in node.outputs}
        return {name: frozenset({makers[name]} if name in makers else nodes) for name, nodes in names.items()}

    def of(self, comparison: Comparison) -> frozenset[str]:
        """The nodes that a comparison is about; none if it is about the whole graph (a loss)."""
        return self.owners.get(comparison.tensor.partition(" step ")[0], frozenset())

    def reached(self, quantity: str, failed: Iterable[Comparison], other: Comparison) -> bool:
        """Whether a fault in the nodes of `failed` would show in another comparison of the same quantity.

        A forward fault reaches every node computed from a faulty node; a backward fault reaches every
        node that a faulty node is computed from.
        """
        faulty, mine = [self.of(comparison) for comparison in failed], self.of(other)
        if quantity in FORWARD:
            return any(nodes & self.upstream[name] for nodes in faulty for name in mine)
        if quantity in BACKWARD:
            return any(mine & self.upstream[name] for nodes in faulty for name in nodes)
        return True

    def said(self, departed: Iterable[Comparison]) -> str:
        """Names where a departure begins, such as `conv1 (conv2d)`. Forward values tell first. If all of them are right, the
        loss tells; then gradients; then statistics."""
        if len(self.layers) == 1:
            return self._written(self.layers)
        every = list(departed)
        forward = {name for comparison in every if comparison.quantity in FORWARD for name in self.of(comparison)}
        if forward:
            return self._written(name for name in forward if not (self.upstream[name] - {name}) & forward)
        if any(comparison.quantity == "loss" for comparison in every):
            return self._written(self.losses)
        backward = {name for comparison in every if comparison.quantity in BACKWARD for name in self.of(comparison)}
        last = {name for name in backward if not any(name in self.upstream[other] - {other} for other in backward)}
        if last:
            return f"the backward pass of or behind {self._written(last)}"
        kept = {name for comparison in every if comparison.quantity == "statistic" for name in self.of(comparison)}
        return f"the statistics of {self._written(kept)}" if kept else ""

    def _written(self, names: Iterable[str]) -> str:
        chosen = sorted(names, key=list(self.nodes).index)
        written_names = ", ".join(f"{name} ({self.nodes[name].op})" for name in chosen[:NAMED])
        return f"{written_names} and {len(chosen) - NAMED} more" if len(chosen) > NAMED else written_names
