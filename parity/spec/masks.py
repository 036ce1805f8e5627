"""Owns dropout masks as inputs: in such a graph, every node that drops out reads a mask, so that all sides drop the same units.

It refuses to draw masks. A mask holds 0 or 1/(1 - rate), and values are multiplied by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from parity.ops import TABLE
from parity.ops.definition import Op, Shape
from parity.spec.graph import Graph, Input, Node, Source


@dataclass(frozen=True)
class Mask:
    """A mask that a node needs, as an input of the graph or body around the node."""

    name: str
    shape: Shape
    rate: float
    batched: bool

    def input(self) -> Input:
        return Input(self.name, self.shape, batched=self.batched)


def with_masks(graph: Graph) -> Graph:
    """The same graph with an input `NODE.mask` for every mask, which the node reads under the role `mask`.

    For a node inside a scan, the input `SCAN.NODE.mask` holds one mask per time step, (time, *shape); the body slices it. A
    node in evaluation mode drops nothing and gets no mask.
    """
    shapes = graph.value_shapes()
    nodes, masks = _all_masked(graph.nodes, shapes)
    phases, later = [], []
    for phase in graph.phases:
        inner, more = _all_masked(phase.nodes, shapes)
        phases.append(replace(phase, nodes=inner))
        later += more
    return replace(
        graph,
        nodes=nodes,
        phases=tuple(phases),
        inputs=(*graph.inputs, *(mask.input() for mask in masks)),
        training_inputs=(*graph.training_inputs, *(mask.input() for mask in later)),
    )


def dropouts(graph: Graph) -> dict[str, float]:
    """Mask input -> rate, of every mask that `with_masks` adds."""
    _, masks = _all_masked(graph.all_nodes(), graph.value_shapes())
    return {mask.name: mask.rate for mask in masks}


def _all_masked(nodes: Iterable[Node], shapes: Mapping[str, Shape]) -> tuple[tuple[Node, ...], list[Mask]]:
    masked: list[Node] = []
    masks: list[Mask] = []
    for node in nodes:
        changed, more = _scan_masked(node, shapes) if node.body is not None else _masked(node, shapes)
        masked.append(changed)
        masks += more
    return tuple(masked), masks


def _masked(node: Node, shapes: Mapping[str, Shape]) -> tuple[Node, list[Mask]]:
    """The node reading its masks, and these masks."""
    asks = Op(TABLE[node.op]).masks
    if asks is None or node.evaluate:
        return node, []
    shapes_of_roles = {role: _shapes(source, shapes) for role, source in node.inputs.items() if role != "mask"}
    wanted: Mapping[str, Shape] = asks(shapes_of_roles, **node.attributes)
    rate = float(node.attributes.get("rate", node.attributes.get("dropout", 0.0)))
    masks = [Mask(f"{node.name}.{role}", tuple(shape), rate, node.batched) for role, shape in wanted.items()]
    inputs = {**node.inputs, **{role: f"{node.name}.{role}" for role in wanted}}
    return replace(node, inputs=inputs), masks


def _shapes(source: Source, shapes: Mapping[str, Shape]) -> Any:
    return shapes[source] if isinstance(source, str) else tuple(shapes[name] for name in source)


def _scan_masked(node: Node, shapes: Mapping[str, Shape]) -> tuple[Node, list[Mask]]:
    """A scan whose body slices the masks of its nodes along time."""
    body = node.body
    if body is None:
        return node, []
    time = node.outputs[""][0]
    inside: dict[str, Shape] = {name: shapes[name] for name in body.captured}
    inside |= {name: shapes[outer][1:] for name, outer in body.sequences.items() if outer in shapes}
    inside |= {name: shapes[outer] for name, outer in body.state.items()}
    for child in body.nodes:
        inside |= {child.value(suffix): shape for suffix, shape in child.outputs.items()}
    nodes, masks = _all_masked(body.nodes, inside)
    outer_masks = [replace(mask, name=f"{node.name}.{mask.name}", shape=(time, *mask.shape)) for mask in masks]
    sequences = {**body.sequences, **{mask.name: outer.name for mask, outer in zip(masks, outer_masks, strict=True)}}
    return replace(node, body=replace(body, nodes=nodes, sequences=sequences)), outer_masks
