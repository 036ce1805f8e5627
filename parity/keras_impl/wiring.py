"""Owns the wiring of a graph: symbolic values by name, and the site at which a node becomes layers.

It refuses to know any op: layers.LAYERS does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import ops

from parity.execution.protocol import Unsupported
from parity.keras_impl.arrangements import Arrangement, arrangements
from parity.spec.graph import Graph, Input, Node, Shape
from parity.spec.graph_facts import with_bodies

Tensor = Any  # a KerasTensor while a model is built


class Function(keras.layers.Layer):  # type: ignore[misc]
    """A layer that applies a function of tensors; it has no weights."""

    def __init__(self, function: Callable[..., Any], **settings: Any) -> None:
        super().__init__(**settings)
        self.function = function

    def call(self, *tensors: Tensor) -> Any:
        return self.function(*tensors)


class DictatedDropout(keras.layers.Layer):  # type: ignore[misc]
    """Dropout by a mask of 0 and 1/(1 - rate) from the batch."""

    def call(self, inputs: Tensor, dropout_mask: Tensor, training: bool | None = None) -> Tensor:
        return ops.multiply(inputs, dropout_mask) if training else inputs


@dataclass
class Wiring:
    """A graph that is being built: the symbolic tensors and layers so far."""

    graph: Graph
    root: Graph  # the whole architecture, where `graph` is the body of a scan
    dtype: str
    seed: int
    builders: Mapping[str, Callable[[Site], Any]]
    arrangement: Mapping[str, Arrangement] = field(init=False)
    values: dict[str, Tensor] = field(default_factory=dict)
    scopes: list[dict[str, Tensor]] = field(default_factory=list)  # per phase: the layers' values and its own
    layers: dict[str, keras.layers.Layer] = field(default_factory=dict)
    seeds: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def __post_init__(self) -> None:
        self.arrangement = arrangements(self.graph)

    def assemble(self) -> None:
        """Builds every node on symbolic inputs. Values of different phases may have the same name."""
        for graph_input in self.graph.batch_inputs():
            self.values[graph_input.name] = self.input(graph_input)
        for state in self.graph.carried:
            self.values[state.name] = self.input(Input(state.name, state.shape))
        self._build(self.graph.nodes)
        layers = self.values
        for phase in self.graph.phases:
            self.values = dict(layers)
            self._build(phase.nodes)
            self.scopes.append(self.values)
        self.values = layers

    def _build(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if node.op not in self.builders:
                raise Unsupported(f"{node.name}: no native form of the op {node.op}")
            y = self.builders[node.op](Site(node, self))
            outputs = y if isinstance(y, dict) else {"": y}
            self.values |= {node.value(suffix): tensor for suffix, tensor in outputs.items()}

    def within(self, graph: Graph) -> Wiring:
        """Builds the body of a scan, which shares layers and seeds with the whole graph."""
        body = Wiring(graph, self.root, self.dtype, self.seed, self.builders, layers=self.layers, seeds=self.seeds)
        body.assemble()
        return body

    def input(self, graph_input: Input) -> Tensor:
        """The symbolic input for a value of the batch."""
        lies = self.arrangement[graph_input.name]
        shape = (None if graph_input.batched else 1, *lies.native_shape) if graph_input.batched or graph_input.shape else ()
        dtype = "int32" if graph_input.dtype == "integer" else self.dtype
        return keras.Input(batch_shape=shape, dtype=dtype, name=graph_input.name)


class Site:
    """The site at which one node is built: its native inputs by role, its attributes, and the source of its layers."""

    def __init__(self, node: Node, wiring: Wiring) -> None:
        self.node = node
        self.name = node.name
        self.attributes = node.attributes
        self.wiring = wiring
        self.dtype = wiring.dtype
        self.evaluate = node.evaluate

    def __getitem__(self, attribute: str) -> Any:
        return self.attributes[attribute]

    def source(self, role: str = "x") -> str:
        source = self.node.inputs[role]
        if not isinstance(source, str):
            raise TypeError(f"{self.name}: input {role!r} is a join")
        return source

    def has(self, role: str) -> bool:
        return role in self.node.inputs

    @property
    def dictated(self) -> bool:
        """Whether the batch contains the masks of this node's dropout."""
        return self.has("mask") and not self.evaluate

    @property
    def dropout(self) -> float:
        """The rate of native dropout inside of this node. It is 0 in evaluation mode: a model that trains would pass its
        mode to every layer, whatever arguments the layer was called with."""
        return 0.0 if self.has("mask") or self.evaluate else float(self.attributes["dropout"])

    def lies(self, role: str = "x") -> Arrangement:
        return self.wiring.arrangement[self.source(role)]

    def shape(self, role: str = "x") -> Shape:
        return self.lies(role).shape

    def tensor(self, role: str = "x") -> Tensor:
        """The input in its native order of axes."""
        return self.wiring.values[self.source(role)]

    def branches(self) -> list[Tensor]:
        return [self.wiring.values[name] for name in self.node.inputs["branches"]]

    def plain(self, role: str = "x") -> Tensor:
        """The input in the spec's order of axes."""
        return self.moved(self.tensor(role), self.lies(role).kind, role)

    def moved(self, x: Tensor, kind: str, hint: str) -> Tensor:
        """x with its channels first if it is an image."""
        if kind in ("flat", "turned"):
            raise Unsupported(f"{self.name}: an image's order that travelled on to {hint}")
        return keras.layers.Permute((3, 1, 2), name=self.layer_name(f"{hint}>first"))(x) if kind == "image" else x

    def settled(self, y: Tensor) -> Tensor:
        """A result in the spec's order of axes, moved to the order of its arrangement."""
        image = self.wiring.arrangement[self.name].kind == "image"
        return keras.layers.Permute((2, 3, 1), name=self.layer_name("last"))(y) if image else y

    def function(self, function: Callable[..., Any], *tensors: Tensor, suffix: str = "") -> Any:
        """The result of a function, applied as a layer without weights."""
        return Function(function, name=self.layer_name(suffix))(*tensors)

    def layer_name(self, suffix: str = "") -> str:
        """The name of one of several layers of this node. It contains `>`, which no value of a spec has in its name."""
        return f"{self.name}>{suffix}" if suffix else self.name

    def layer(self, make: Callable[..., keras.layers.Layer], *arguments: Any, suffix: str = "", **settings: Any) -> Any:
        """Calls a layer of this node; nodes with the same parameters share the layer."""
        first = owner(self.node, self.wiring.root)
        name = f"{first}>{suffix}" if suffix else first
        if name not in self.wiring.layers:
            self.wiring.layers[name] = make(*arguments, name=name, **settings)
        return self.wiring.layers[name]

    def seed(self) -> int:
        """A new seed for each native dropout."""
        return self.wiring.seed * 1_000_003 + next(self.wiring.seeds)


def owner(node: Node, graph: Graph) -> str:
    """The name of a node's layers: the name of the first node with the same op, attributes and arrays."""
    held = (node.op, node.parameters, node.statistics, node.attributes)
    for other in with_bodies(graph.all_nodes()) if node.parameters or node.statistics else ():
        if (other.op, other.parameters, other.statistics, other.attributes) == held:
            return other.name
    return node.name


def holder(node: Node, role: str, graph: Graph) -> Node:
    """The first node with this node's parameter; its layer holds the variable."""
    name = node.parameters[role]
    return next(other for other in with_bodies(graph.all_nodes()) if name in other.parameters.values())


def inner(node: Node, graph: Graph) -> Graph:
    """The body of a scan as a graph, whose inputs are slices of the sequences, states and captured values."""
    body = node.body
    if body is None:
        raise TypeError(f"{node.name} has no body")
    shapes, dtypes, batched = graph.value_shapes(), _dtypes(graph), _batched(graph)
    inputs = [Input(name, shapes[outer][1:], dtypes[outer]) for name, outer in body.sequences.items()]
    inputs += [Input(name, shapes[outer], dtypes[outer]) for name, outer in body.state.items()]
    inputs += [Input(name, shapes[name], dtypes[name], batched=batched[name]) for name in body.captured]
    outputs = tuple(dict.fromkeys((body.output, *body.next.values())))
    return Graph(node.name, tuple(inputs), body.nodes, outputs, graph.parameters, graph.statistics)


def _dtypes(graph: Graph) -> dict[str, str]:
    dtypes = {graph_input.name: graph_input.dtype for graph_input in graph.batch_inputs()}
    dtypes |= {state.name: "float" for state in graph.carried}
    return dtypes | {node.value(suffix): node.dtype for node in graph.all_nodes() for suffix in node.outputs}


def _batched(graph: Graph) -> dict[str, bool]:
    batched = {graph_input.name: graph_input.batched for graph_input in graph.batch_inputs()}
    batched |= {state.name: True for state in graph.carried}
    return batched | {node.value(suffix): node.batched for node in graph.all_nodes() for suffix in node.outputs}


def sequenced(model: keras.Model, tensors: Iterable[Tensor]) -> keras.Model:
    """The model, with its calls in the order in which the tensors were built.

    Keras runs a functional model by depth, and, at equal depth, runs the last call first. A layer with statistics that is
    called several times would then move them in another order than the spec's.
    """
    own_nodes = {id(node) for nodes in model._nodes_by_depth.values() for node in nodes}
    ordered: dict[int, Any] = {}

    def visit(tensor: Tensor) -> None:
        operation, place, _ = tensor._keras_history
        node = operation._inbound_nodes[place]
        if id(node) in own_nodes and id(node) not in ordered:
            for source in node.input_tensors:
                visit(source)
            ordered[id(node)] = node

    for tensor in tensors:
        visit(tensor)
    rest = [node for nodes in model._nodes_by_depth.values() for node in nodes if id(node) not in ordered]
    model._nodes_by_depth.clear()
    model._nodes_by_depth.update({-place: [node] for place, node in enumerate([*rest, *ordered.values()])})
    return model
