"""Owns the bounds of integers: rows of a table, classes and lengths are checked against what the inputs declare.

It refuses to check integers that a graph computes: only inputs have declared bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from parity.spec.graph import Graph, Input, Node, Shape

Found = Iterator[tuple[Node, str]]


def out_of_bounds(graph: Graph) -> Found:
    """Every node that may get an integer outside of its rows, classes or sequence length, with the sentence that says so."""
    inputs = {graph_input.name: graph_input for graph_input in graph.batch_inputs() if graph_input.dtype == "integer"}
    yield from _over(graph.all_nodes(), inputs, graph.value_shapes())


def _over(nodes: Iterable[Node], inputs: Mapping[str, Input], shapes: Mapping[str, Shape]) -> Found:
    for node in nodes:
        if node.op == "embedding":
            yield from _places(node, inputs.get(str(node.inputs["x"])), int(node.attributes["size"]), "rows of its table")
        if node.op == "softmax_cross_entropy":
            classes = shapes[str(node.inputs["x"])][int(node.attributes["axis"])]
            yield from _places(node, inputs.get(str(node.inputs["labels"])), classes, "classes")
        if "lengths" in node.inputs:
            yield from _lengths(node, inputs.get(str(node.inputs["lengths"])), shapes)
        if node.body is not None:
            yield from _inside(node, inputs, shapes)


def _inside(node: Node, inputs: Mapping[str, Input], shapes: Mapping[str, Shape]) -> Found:
    """Checks the body of a scan, where a slice keeps the bounds of its sequence."""
    body = node.body
    if body is None:
        return
    inner = {name: inputs[outer] for name, outer in body.sequences.items() if outer in inputs}
    shapes_known = {**shapes, **{name: shapes[outer][1:] for name, outer in body.sequences.items()}}
    shapes_known |= {name: shapes[outer] for name, outer in body.state.items()}
    shapes_known |= {child.value(suffix): shape for child in body.nodes for suffix, shape in child.outputs.items()}
    yield from _over(body.nodes, {**inputs, **inner}, shapes_known)


def _places(node: Node, graph_input: Input | None, count: int, what: str) -> Found:
    """Checks integers that count from 0 (rows, classes)."""
    if graph_input is None:
        return
    if graph_input.below is None and graph_input.range is None:
        yield node, f"nothing says how far `{graph_input.name}` counts: it needs `below`, at most {count} (the {what})"
        return
    low, high = (0, graph_input.below - 1) if graph_input.below is not None else graph_input.range or (0, 0)
    if low < 0 or high >= count:
        yield node, f"`{graph_input.name}` lies between {low:g} and {high:g}, and the {what} between 0 and {count - 1}"


def _lengths(node: Node, graph_input: Input | None, shapes: Mapping[str, Shape]) -> Found:
    if graph_input is None:
        return
    role = next(role for role in ("keys", "labels", "x") if role in node.inputs)
    time = shapes[str(node.inputs[role])][0]
    low, high = (0, graph_input.below - 1) if graph_input.below is not None else graph_input.range or (0, time)
    if low < 1:
        yield node, f"a length is at least 1; `{graph_input.name}` may be {low:g}: give it `range: [1, {time}]`"
    elif high > time:
        yield node, f"`{graph_input.name}` goes up to {high:g}, and the sequence has {time} steps"
