"""Owns facts that follow from a graph and that several places ask for: nodes inside of
scans, masks of dropout, observed values.

It refuses facts that only one framework or one judgement asks for. Standard library only, since workers import it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from parity.spec.graph import Graph, Node


def with_bodies(nodes: Iterable[Node]) -> Iterator[Node]:
    """Each node; a scan is followed by the nodes of its body."""
    for node in nodes:
        yield node
        if node.body is not None:
            yield from with_bodies(node.body.nodes)


def mask_inputs(nodes: Iterable[Node]) -> frozenset[str]:
    """Values that these nodes read as masks of dropout, from outside of scans. Masks are
    draws, and their gradient means nothing."""
    names: set[str] = set()
    for node in nodes:
        mask = node.inputs.get("mask")
        if isinstance(mask, str):
            names.add(mask)
        if node.body is not None:
            inner = mask_inputs(node.body.nodes)
            names |= {outer for name, outer in node.body.sequences.items() if name in inner}
    return frozenset(names)


def differentiable_inputs(graph: Graph) -> tuple[str, ...]:
    """The inputs of a batch whose gradient is asked for: floats that are no masks of dropout, in their order."""
    masks = mask_inputs(graph.all_nodes())
    return tuple(
        graph_input.name
        for graph_input in graph.batch_inputs()
        if graph_input.dtype == "float" and graph_input.name not in masks
    )


def observed_values(graph: Graph, activations: bool) -> tuple[str, ...]:
    """The float values that a forward pass shows, in order: those of every layer, or the outputs alone."""
    floats = [node.value(suffix) for node in graph.nodes if node.dtype == "float" for suffix in node.outputs]
    return tuple(name for name in floats if activations or name in graph.outputs)
