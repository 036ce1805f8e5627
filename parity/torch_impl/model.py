"""Owns the programs of a case: a module with every native layer of a graph, and straight-line torch.fx programs over it.

It refuses to know an op, an optimizer or an array of the case.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor, fx, nn

from parity.execution.protocol import ParameterLayout, Unsupported
from parity.spec.graph import Body, Graph, Input, Node
from parity.torch_impl.layers import LAYERS, layout
from parity.torch_impl.ops import vectors
from parity.torch_impl.ops.recurrent import Scan
from parity.torch_impl.wiring import Layer, Site, attribute


class Layers(nn.Module):  # type: ignore[misc]
    """Every native layer of a graph under the name of its node. Layers in `evaluating` stay in evaluation mode."""

    def __init__(self) -> None:
        super().__init__()
        self.evaluating: list[nn.Module] = []

    def train(self, mode: bool = True) -> Layers:
        super().train(mode)
        for module in self.evaluating:
            module.eval()
        return self


class Network:
    """The layers of a graph, built once, and the programs over them. Programs share parameters; each is plain Python code.

    layouts: one for each parameter and statistic. Nodes with the same parameters share one layer, or, for a tied table, are
    two layers with one tensor.
    """

    def __init__(self, graph: Graph, whole: bool = True) -> None:
        """whole: False for the body of a scan, in which each node gets its own layer; parameters are tied afterwards."""
        self.graph, self.whole = graph, whole
        self.root = Layers()
        self.layouts: dict[tuple[str, ...], ParameterLayout] = {}
        self.shapes = graph.value_shapes()
        self.batched = {graph_input.name: graph_input.batched for graph_input in graph.batch_inputs()}
        self.batched |= {state.name: True for state in graph.carried}
        self._layers: dict[int, Layer] = {}  # id of a node -> its layer; nodes of two phases may share a name
        self._children: dict[int, str] = {}  # id of a node -> its layer's name in the root
        self._known: dict[str, str] = {}
        for node in graph.all_nodes():
            self._build(node)
        self.root.train()

    def tensor(self, path: str) -> Tensor:
        """A parameter or buffer by its path below the root."""
        holder, _, name = path.rpartition(".")
        tensor: Tensor = getattr(self.root.get_submodule(holder), name)
        return tensor

    def program(self, names: Sequence[str], nodes: Iterable[Node], results: Sequence[str]) -> fx.GraphModule:
        """A module that takes the values `given` in order and returns the values `results` as a tuple."""
        graph = fx.Graph()
        values = {name: graph.placeholder(f"given{place}") for place, name in enumerate(names)}
        for node in nodes:
            self._write(graph, values, node)
        graph.output(tuple(values[name] for name in results))
        return fx.GraphModule(self.root, graph)

    def _write(self, graph: fx.Graph, values: dict[str, fx.Node], node: Node) -> None:
        wires: dict[str, Any] = {
            role: values[source] if isinstance(source, str) else [values[name] for name in source]
            for role, source in node.inputs.items()
        }
        if node.op == "formula":
            tracer = fx.proxy.GraphAppendingTracer(graph)
            stand_ins = {role: fx.Proxy(wire, tracer) for role, wire in wires.items()}
            values[node.name] = vectors.formula(self._site(node), stand_ins).node
            return
        layer = self._layers[id(node)]
        arguments = tuple(wires.get(role) for role in layer.roles)
        if node.body is not None:
            outer = (*node.body.sequences.values(), *node.body.state.values(), *node.body.captured)
            arguments = tuple(values[name] for name in outer)
        if isinstance(layer.target, nn.Module):
            result = graph.call_module(self._children[id(node)], arguments)
        else:
            result = graph.call_function(layer.target, arguments, dict(layer.keywords))
        if len(layer.outputs) == 1:
            values[node.name] = result
            return
        for place, suffix in enumerate(layer.outputs):
            values[node.value(suffix)] = graph.call_function(operator.getitem, (result, place))

    def _site(self, node: Node) -> Site:
        shapes: dict[str, Any] = {}
        batched = set()
        for role, source in node.inputs.items():
            names = (source,) if isinstance(source, str) else source
            shapes[role] = self.shapes[source] if isinstance(source, str) else tuple(self.shapes[name] for name in names)
            batched |= {self.batched[name] for name in names}
        return Site(node, shapes, mixed=len(batched) > 1)

    def _build(self, node: Node) -> None:
        self.batched |= {node.value(suffix): node.batched for suffix in node.outputs}
        if node.op == "formula":
            return
        if node.op not in LAYERS and node.body is None:
            raise Unsupported(f"no native form of the op {node.op}")
        layer = LAYERS[node.op](self._site(node)) if node.body is None else self._scan(node, node.body)
        self._layers[id(node)] = layer
        if isinstance(layer.target, nn.Module):
            self._adopt(node, layer.target)

    def _adopt(self, node: Node, module: nn.Module) -> None:
        """Adds a layer to the root, unless the root has it already."""
        arrays = bool(node.parameters or node.statistics or node.body)
        if arrays and self.whole and _identity(node) in self._known:
            self._children[id(node)] = self._known[_identity(node)]
            return
        child = attribute(node.name)
        while child in self.root._modules:  # a node of another phase has this name
            if arrays:
                raise Unsupported(f"two nodes of different settings are called {node.name}")
            child += "_"
        self._children[id(node)] = self._known[_identity(node)] = child
        self.root.add_module(child, module)
        if node.evaluate:
            self.root.evaluating.append(module)
        for item in layout(node, self.graph):
            self._tie(node, item)

    def _tie(self, node: Node, item: ParameterLayout) -> None:
        """Replaces a parameter that an earlier layer also has by that layer's tensor."""
        first = self.layouts.setdefault(item.spec, item)
        if any(name in spec for spec in self.layouts if spec != item.spec for name in item.spec) or first.moves != item.moves:
            raise Unsupported(f"{node.name}: torch has {', '.join(item.spec)} in one tensor, and cannot share a part of it")
        for mine, other in zip(item.native, first.native, strict=True):
            if mine != other:
                holder, _, name = mine.rpartition(".")
                setattr(self.root.get_submodule(holder), name, self.tensor(other))

    def _scan(self, node: Node, body: Body) -> Layer:
        """Builds the body as a separate program with its own layers, which lie below the scan."""
        inner = Network(self._body(node, body), whole=False)
        names = [*body.sequences, *body.state, *body.captured]
        program = inner.program(names, body.nodes, [body.output, *(body.next[name] for name in body.state)])
        self.root.evaluating += inner.root.evaluating
        ends = tuple(suffix for suffix in node.outputs if suffix)
        places = tuple(list(body.state).index(suffix) for suffix in ends)
        return Layer(Scan(program, len(body.sequences), len(body.state), places), outputs=("", *ends))

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
