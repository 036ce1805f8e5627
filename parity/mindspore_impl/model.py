"""Owns the programs of a case: a cell with every native layer of a graph, and straight-line programs over it.

It refuses to know an op, an optimizer or an array of the case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import mindspore
from mindspore import nn

from parity.execution.protocol import ParameterLayout, Unsupported
from parity.mindspore_impl.layers import LAYERS, layout
from parity.mindspore_impl.ops import formulas
from parity.mindspore_impl.ops.recurrent import Scan
from parity.mindspore_impl.wiring import Layer, NodeProgram, NodeStep, Site, attribute
from parity.spec.graph import Body, Graph, Input, Node


class Layers(nn.Cell):  # type: ignore[misc]
    """Every native layer of a graph under the name of its node. Layers in `evaluating` stay in evaluation mode."""

    def __init__(self) -> None:
        super().__init__(auto_prefix=False)
        self.evaluating: list[nn.Cell] = []

    def train(self, mode: bool) -> None:
        self.set_train(mode)
        for cell in self.evaluating:
            cell.set_train(False)


class Network:
    """The layers of a graph, built once, and the programs over them. Programs share parameters.

    layouts: one for each parameter and statistic. Nodes with the same parameters share one layer, or, for a tied table, are
    two layers with one parameter.
    """

    def __init__(self, graph: Graph, dtype: Any, whole: bool = True) -> None:
        """whole: False for the body of a scan, in which each node gets its own layer; parameters are tied afterwards."""
        self.graph, self.dtype, self.whole = graph, dtype, whole
        self.root = Layers()
        self.layouts: dict[tuple[str, ...], ParameterLayout] = {}
        self.shapes = graph.value_shapes()
        self.batched = {graph_input.name: graph_input.batched for graph_input in graph.batch_inputs()}
        self.batched |= {state.name: True for state in graph.carried}
        self._layers: dict[int, Layer] = {}  # id of a node -> its layer; nodes of two phases may share a name
        self._known: dict[str, Layer] = {}
        self._children: set[str] = set()
        for node in graph.all_nodes():
            self._build(node)
        if whole:
            for item in self.layouts.values():
                for path in item.native:
                    self.tensor(path).name = path
        self.root.train(True)

    def tensor(self, path: str) -> mindspore.Parameter:
        """A parameter by its path below the root."""
        found: Any = self.root
        for name in path.split("."):
            found = found[int(name)] if name.isdigit() else getattr(found, name)
        return found

    def program(self, given: Sequence[str], nodes: Iterable[Node], results: Sequence[str]) -> NodeProgram:
        """A cell that takes the values `given` in order and returns the values `results` as a tuple."""
        places = {name: place for place, name in enumerate(given)}
        steps, counts = [], []
        for node in nodes:
            layer = self._layers[id(node)]
            steps.append(NodeStep(layer.cell, self._places(node, layer, places)))
            counts.append(len(layer.outputs))
            for suffix in layer.outputs:
                places[node.value(suffix)] = len(places)
        return NodeProgram(steps, counts, [places[name] for name in results])

    def _places(self, node: Node, layer: Layer, places: Mapping[str, int]) -> list[Any]:
        if node.body is not None:
            outer = (*node.body.sequences.values(), *node.body.state.values(), *node.body.captured)
            return [places.get(name, -1) for name in outer]
        wires: list[Any] = []
        for role in layer.roles:
            source = node.inputs.get(role)
            if source is None or isinstance(source, str):
                wires.append(places.get(source, -1) if source else -1)
            else:
                wires.append(tuple(places[name] for name in source))
        return wires

    def _site(self, node: Node) -> Site:
        shapes: dict[str, Any] = {}
        batched = set()
        for role, source in node.inputs.items():
            names = (source,) if isinstance(source, str) else source
            shapes[role] = self.shapes[source] if isinstance(source, str) else tuple(self.shapes[name] for name in names)
            batched |= {self.batched[name] for name in names}
        return Site(node, shapes, self.dtype, mixed=len(batched) > 1)

    def _build(self, node: Node) -> None:
        self.batched |= {node.value(suffix): node.batched for suffix in node.outputs}
        if node.op == "formula":
            self._layers[id(node)] = formulas.formula(self._site(node))
            return
        if node.op not in LAYERS and node.body is None:
            raise Unsupported(f"no native form of the op {node.op}")
        arrays = bool(node.parameters or node.statistics or node.body)
        if arrays and self.whole and _identity(node) in self._known:
            self._layers[id(node)] = self._known[_identity(node)]
            return
        layer = LAYERS[node.op](self._site(node)) if node.body is None else self._scan(node, node.body)
        self._layers[id(node)] = self._known[_identity(node)] = layer
        child = attribute(node.name)
        while child in self._children:  # a node of another phase has this name
            if arrays:
                raise Unsupported(f"two nodes of different settings are called {node.name}")
            child += "_"
        self._children.add(child)
        self.root.insert_child_to_cell(child, layer.cell)
        if node.evaluate:
            self.root.evaluating.append(layer.cell)
        for item in layout(node, self.graph):
            self._tie(node, item)

    def _tie(self, node: Node, item: ParameterLayout) -> None:
        """Replaces a parameter that an earlier layer also has by that layer's parameter."""
        first = self.layouts.setdefault(item.spec, item)
        if any(name in spec for spec in self.layouts if spec != item.spec for name in item.spec) or first.moves != item.moves:
            raise Unsupported(
                f"{node.name}: MindSpore has {', '.join(item.spec)} in one parameter, and cannot share a part of it"
            )
        for mine, other in zip(item.native, first.native, strict=True):
            if mine != other:
                holder, _, name = mine.rpartition(".")
                setattr(self.tensor(holder), name, self.tensor(other))

    def _scan(self, node: Node, body: Body) -> Layer:
        """Builds the body as a separate program with its own layers, which lie below the scan."""
        inner = Network(self._body(node, body), self.dtype, whole=False)
        given = [*body.sequences, *body.state, *body.captured]
        program = inner.program(given, body.nodes, [body.output, *(body.next[name] for name in body.state)])
        self.root.evaluating += inner.root.evaluating
        ends = tuple(suffix for suffix in node.outputs if suffix)
        places = tuple(list(body.state).index(suffix) for suffix in ends)
        scan = Scan(inner.root, program, len(body.sequences), len(body.state), places)
        return Layer(scan, outputs=("", *ends))

    def _body(self, node: Node, body: Body) -> Graph:
        """The body as a graph, whose inputs are slices of the sequences, states and captured values."""
        inputs = [Input(name, self.shapes[outer][1:]) for name, outer in body.sequences.items()]
        inputs += [Input(name, self.shapes[outer]) for name, outer in body.state.items()]
        inputs += [Input(name, self.shapes[name], batched=self.batched[name]) for name in body.captured]
        return Graph(node.name, tuple(inputs), body.nodes, (body.output,), self.graph.parameters)


def _identity(node: Node) -> str:
    """A key that is equal for nodes that may share a layer."""
    arrays = [dict(node.parameters), dict(node.statistics), dict(node.attributes)]
    return json.dumps([node.op, *arrays, node.evaluate, sorted(node.inputs), node.name if node.body else ""], sort_keys=True)
