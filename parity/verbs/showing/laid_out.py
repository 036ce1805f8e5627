"""Owns an architecture laid out as rows: a layer each, or a group each where names are cut to a depth. Pure.

It refuses to print and to read specs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from parity.reporting.diagrams import Box
from parity.spec import specs as language
from parity.spec.graph import Graph, Node
from parity.spec.networks import network_nodes


@dataclass(frozen=True)
class ShownLayer:
    """One row. name: of a node or of a group; ops: what it is made of; layers: how many nodes stand in it."""

    name: str
    ops: str
    output: str
    parameters: int
    shared: bool
    flops: int
    layers: int = 1
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class LaidOut:
    """All rows of an architecture, and the nodes of each of its networks; "" where it is one."""

    layers: tuple[ShownLayer, ...]
    networks: Mapping[str, tuple[Node, ...]]


def laid_out(spec: language.Architecture, graph: Graph, size: str) -> LaidOut:
    """A row a layer, in order, each with the layers that feed it."""
    shapes = {parameter.name: parameter.shape for parameter in graph.parameters}
    networks = {} if graph.nodes or not spec.networks else network_nodes(spec, size)
    nodes = tuple(node for each in networks.values() for node in each) or graph.nodes or graph.phases[0].nodes
    owners = {node.value(suffix): node.name for node in nodes for suffix in node.outputs}
    within = {node.name: name for name, each in networks.items() for node in each}
    names: set[str] = set()
    layers = tuple(_layer(node, shapes, names, owners, within.get(node.name, "")) for node in nodes)
    return LaidOut(layers, networks or {"": nodes})


def _layer(
    node: Node, shapes: Mapping[str, tuple[int, ...]], names_met: set[str], owners: Mapping[str, str], network: str
) -> ShownLayer:
    names = list(node.parameters.values())
    for inner in node.body.nodes if node.body else ():
        names += inner.parameters.values()
    own = sum(prod(shapes[name]) for name in names if name not in names_met)
    shared = any(name in names_met for name in names)
    names_met.update(names)
    output = " ".join(shape_text(shape) for shape in node.outputs.values())
    read = (owners.get(source) or owners.get(f"{network}.{source}", source) for source in node.sources())
    return ShownLayer(node.name, node.op, output, own, shared, node.flops, sources=tuple(dict.fromkeys(read)))


def grouped(layers: Sequence[ShownLayer], depth: int) -> tuple[ShownLayer, ...]:
    """Layers whose names are alike in their first `depth` parts as one row, at the place of the first; 0 joins none."""
    if depth == 0:
        return tuple(layers)
    names = {layer.name: ".".join(layer.name.split(".")[:depth]) for layer in layers}
    groups: dict[str, list[ShownLayer]] = {}
    for layer in layers:
        groups.setdefault(names[layer.name], []).append(layer)
    return tuple(_group(name, group, names) for name, group in groups.items())


def _group(name: str, group: Sequence[ShownLayer], names: Mapping[str, str]) -> ShownLayer:
    if len(group) == 1:
        return replace(group[0], name=name, sources=_outside(name, group, names))
    ops: dict[str, int] = {}
    for layer in group:
        ops[layer.ops] = ops.get(layer.ops, 0) + 1
    ops_text = ", ".join(f"{count} {op}" if count > 1 else op for op, count in ops.items())
    return ShownLayer(
        name,
        ops_text,
        group[-1].output,
        sum(layer.parameters for layer in group),
        any(layer.shared for layer in group),
        sum(layer.flops for layer in group),
        sum(layer.layers for layer in group),
        _outside(name, group, names),
    )


def _outside(name: str, group: Iterable[ShownLayer], names: Mapping[str, str]) -> tuple[str, ...]:
    """What feeds a group from outside of it."""
    read = (names.get(source, source) for layer in group for source in layer.sources)
    return tuple(dict.fromkeys(source for source in read if source != name))


def boxes(layers: Sequence[ShownLayer], graph: Graph) -> list[Box]:
    """The network as boxes and arrows: its inputs, then its layers."""
    used = {source for layer in layers for source in layer.sources}
    made = [
        Box(graph_input.name, (graph_input.name, f"input {shape_text(graph_input.shape)}"))
        for graph_input in graph.batch_inputs()
        if graph_input.name in used
    ]
    for layer in layers:
        made.append(Box(layer.name, (layer.name, f"{layer.ops} {layer.output}"), layer.sources))
    return made


def shape_text(shape: Sequence[int]) -> str:
    """`64×56×56`."""
    return "×".join(str(size) for size in shape) if shape else "scalar"
