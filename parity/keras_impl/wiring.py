"""Owns how spec values lie in Keras tensors (channels last, batch first) and the site at which a node becomes layers.

It refuses to know any op beyond what decides an arrangement, and never computes a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from parity.execution.protocol import Array, Unsupported
from parity.spec.graph import Graph, Input, Node, Shape

Tensor = Any  # a keras.KerasTensor while a model is built
PERMUTED = ("lstm", "gru", "gru_cell", "multi_head_attention")
"""Ops whose `mask` is no image although it has three axes."""
FOLLOWED = ("relu", "relu6", "sigmoid", "tanh", "leaky_relu", "gelu", "dropout")
"""Element-wise ops through which the order of a flatten travels on to the dense kernel behind them."""


@dataclass(frozen=True)
class Arrangement:
    """How one value lies: `image` moves the channels last; `flat` is a vector that was such an image of shape `origin`.

    `batched` False: a leading axis of size 1 stands for the missing batch, except for scalars.
    """

    shape: Shape
    kind: str = "plain"  # plain | image | flat
    origin: Shape = ()
    batched: bool = True

    @property
    def native_shape(self) -> Shape:
        return (*self.shape[1:], self.shape[0]) if self.kind == "image" else self.shape

    def axis(self, axis: int) -> int:
        """A logical axis, not counting the batch, as an axis of the native tensor."""
        place = axis % len(self.shape)
        return (place - 1) % 3 + 1 if self.kind == "image" else place + 1

    def to_native(self, array: Array) -> Array:
        """(batch, *shape) in the spec's order, or (*shape) where it has no batch, to the native order."""
        if not self.batched and self.shape:
            array = array[None]
        if self.kind == "image":
            array = np.moveaxis(array, 1, -1)
        if self.kind == "flat":
            array = np.moveaxis(array.reshape(-1, *self.origin), 1, -1).reshape(len(array), -1)
        return np.array(array, order="C")

    def from_native(self, array: Array) -> Array:
        """The inverse of `to_native`; a copy."""
        if self.kind == "image":
            array = np.moveaxis(array, -1, 1)
        if self.kind == "flat":
            channels, height, width = self.origin
            array = np.moveaxis(array.reshape(-1, height, width, channels), -1, 1).reshape(len(array), -1)
        return np.array(array[0] if not self.batched and self.shape else array, order="C")


def arrangements(graph: Graph) -> dict[str, Arrangement]:
    """Every value's arrangement. Images lie channels last, since Keras on CPU rejects channels-first convolutions."""
    readers = _readers(graph)
    found: dict[str, Arrangement] = {}
    for given in graph.batch_inputs():
        masks = all(_masks(node, role) for node, role in readers.get(given.name, ())) and given.name in readers
        kind = "image" if len(given.shape) == 3 and not masks else "plain"
        found[given.name] = Arrangement(given.shape, kind, batched=given.batched)
    for state in graph.carried:
        found[state.name] = Arrangement(state.shape, "image" if len(state.shape) == 3 else "plain")
    for node in graph.all_nodes():
        for suffix, shape in node.outputs.items():
            kind = "image" if len(shape) == 3 else "plain"
            found[node.value(suffix)] = Arrangement(shape, kind, batched=node.batched)
    kept = {*graph.outputs, *(state.next for state in graph.carried)}
    for node in graph.all_nodes():
        if node.op == "flatten" and found[str(node.inputs["x"])].kind == "image":
            origin = found[str(node.inputs["x"])].shape
            chain = _chain(node, readers, kept - set(graph.outputs))
            for name in chain if origin[1] * origin[2] > 1 else ():
                found[name] = Arrangement(found[name].shape, "flat", origin, found[name].batched)
    return found


def _readers(graph: Graph) -> dict[str, list[tuple[Node, str]]]:
    readers: dict[str, list[tuple[Node, str]]] = {}
    for node in graph.all_nodes():
        for role, sources in node.inputs.items():
            for name in (sources,) if isinstance(sources, str) else sources:
                readers.setdefault(name, []).append((node, role))
        if node.body:
            for kind in ("sequences", "state"):
                for name in getattr(node.body, kind).values():
                    readers.setdefault(name, []).append((node, kind))
            for name in node.body.captured:
                readers.setdefault(name, []).append((node, "captured"))
    return readers


def _masks(node: Node, role: str) -> bool:
    return role == "sequences" or (role == "mask" and node.op in PERMUTED)


def _chain(node: Node, readers: Mapping[str, list[tuple[Node, str]]], kept: set[str]) -> tuple[str, ...]:
    """The values whose order a flatten decides, where only dense kernels read them in the end; else nothing."""
    names = [node.name]
    for name in names:
        for reader, role in readers.get(name, ()):
            if reader.op in FOLLOWED and role == "x":
                names.append(reader.name)
                mask = reader.inputs.get("mask")
                if mask and len(readers[str(mask)]) == 1:
                    names.append(str(mask))
                elif mask:
                    return ()
            elif not (reader.op == "dense" and role == "x") and not (name in names and role == "mask"):
                return ()
    return () if kept & set(names) else tuple(names)


class Function(keras.layers.Layer):  # type: ignore[misc]
    """A function of tensors, without weights, as a layer."""

    def __init__(self, function: Callable[..., Any], **settings: Any) -> None:
        super().__init__(**settings)
        self.function = function

    def call(self, *tensors: Tensor) -> Any:
        return self.function(*tensors)


class DictatedDropout(keras.layers.Layer):  # type: ignore[misc]
    """Dropout by a mask of 0 and 1/(1 - rate) that the batch brings."""

    def call(self, inputs: Tensor, given: Tensor, training: bool | None = None) -> Tensor:
        return ops.multiply(inputs, given) if training else inputs


@dataclass
class Wiring:
    """A graph on its way to tensors: what has been built so far."""

    graph: Graph
    root: Graph  # the whole architecture, where `graph` is the body of a scan
    dtype: str
    seed: int
    builders: Mapping[str, Callable[[Site], Any]]
    arrangement: Mapping[str, Arrangement] = field(init=False)
    values: dict[str, Tensor] = field(default_factory=dict)
    layers: dict[str, keras.layers.Layer] = field(default_factory=dict)
    seeds: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def __post_init__(self) -> None:
        self.arrangement = arrangements(self.graph)

    def assemble(self) -> None:
        """Builds every node on symbolic inputs."""
        for given in self.graph.batch_inputs():
            self.values[given.name] = self.input(given)
        for state in self.graph.carried:
            self.values[state.name] = self.input(Input(state.name, state.shape))
        for node in self.graph.all_nodes():
            if node.op not in self.builders:
                raise Unsupported(f"{node.name}: no native form of the op {node.op}")
            y = self.builders[node.op](Site(node, self))
            found = y if isinstance(y, dict) else {"": y}
            self.values |= {node.value(suffix): tensor for suffix, tensor in found.items()}

    def within(self, graph: Graph) -> Wiring:
        """The body of a scan, built with the layers and seeds of the whole."""
        body = Wiring(graph, self.root, self.dtype, self.seed, self.builders, layers=self.layers, seeds=self.seeds)
        body.assemble()
        return body

    def input(self, given: Input) -> Tensor:
        """The symbolic input of a value that a batch brings."""
        lies = self.arrangement[given.name]
        shape = (None if given.batched else 1, *lies.native_shape) if given.batched or given.shape else ()
        dtype = "int32" if given.dtype == "integer" else self.dtype
        return keras.Input(batch_shape=shape, dtype=dtype, name=given.name)


class Site:
    """One node being built: its native inputs by role, its attributes, and where its layers come from."""

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
        """Whether the batch brings the masks of this node's dropout."""
        return self.has("mask") and not self.evaluate

    @property
    def dropout(self) -> float:
        """The rate of native dropout inside of this node. In evaluation mode none is built: a model that trains would hand
        its mode to every layer, whatever the layer was called with."""
        return 0.0 if self.has("mask") or self.evaluate else float(self.attributes["dropout"])

    def lies(self, role: str = "x") -> Arrangement:
        return self.wiring.arrangement[self.source(role)]

    def shape(self, role: str = "x") -> Shape:
        return self.lies(role).shape

    def tensor(self, role: str = "x") -> Tensor:
        """The input as it lies."""
        return self.wiring.values[self.source(role)]

    def branches(self) -> list[Tensor]:
        return [self.wiring.values[name] for name in self.node.inputs["branches"]]

    def plain(self, role: str = "x") -> Tensor:
        """The input in the spec's order of axes."""
        return self.moved(self.tensor(role), self.lies(role).kind, role)

    def moved(self, x: Tensor, kind: str, hint: str) -> Tensor:
        """An image's tensor with its channels first."""
        if kind == "flat":
            raise Unsupported(f"{self.name}: a flattened image whose order travelled on")
        return keras.layers.Permute((3, 1, 2), name=f"{self.name}.{hint}.first")(x) if kind == "image" else x

    def settled(self, y: Tensor) -> Tensor:
        """A result in the spec's order of axes, as its arrangement wants it."""
        image = self.wiring.arrangement[self.name].kind == "image"
        return keras.layers.Permute((2, 3, 1), name=f"{self.name}.last")(y) if image else y

    def function(self, function: Callable[..., Any], *tensors: Tensor, suffix: str = "") -> Any:
        """The result of a function without weights."""
        return Function(function, name=self.layer_name(suffix))(*tensors)

    def layer_name(self, suffix: str = "") -> str:
        return f"{self.name}.{suffix}" if suffix else self.name

    def layer(self, make: Callable[..., keras.layers.Layer], *arguments: Any, suffix: str = "", **settings: Any) -> Any:
        """A layer of this node; a node that bears the same parameters gets the same layer."""
        name = f"{owner(self.node, self.wiring.root)}.{suffix}" if suffix else owner(self.node, self.wiring.root)
        if name not in self.wiring.layers:
            self.wiring.layers[name] = make(*arguments, name=name, **settings)
        return self.wiring.layers[name]

    def seed(self) -> int:
        """A seed of its own for each native dropout."""
        return self.wiring.seed * 1_000_003 + next(self.wiring.seeds)


def owner(node: Node, graph: Graph) -> str:
    """The name under which a node's layers go: that of the first node with the same op, parameters and attributes."""
    if not node.parameters:
        return node.name
    for other in walk(graph):
        if (other.op, other.parameters, other.attributes) == (node.op, node.parameters, node.attributes):
            return other.name
    return node.name


def holder(node: Node, role: str, graph: Graph) -> Node:
    """The first node that has this node's parameter: its layer holds the variable."""
    name = node.parameters[role]
    return next(other for other in walk(graph) if name in other.parameters.values())


def walk(graph: Graph) -> Iterator[Node]:
    """All nodes, those inside of scans too."""
    for node in graph.all_nodes():
        yield node
        yield from node.body.nodes if node.body else ()


def inner(node: Node, graph: Graph) -> Graph:
    """The body of a scan as a graph of its own: slices of sequences, states and captured values are its inputs."""
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
    dtypes = {given.name: given.dtype for given in graph.batch_inputs()}
    dtypes |= {state.name: "float" for state in graph.carried}
    return dtypes | {node.value(suffix): node.dtype for node in graph.all_nodes() for suffix in node.outputs}


def _batched(graph: Graph) -> dict[str, bool]:
    batched = {given.name: given.batched for given in graph.batch_inputs()}
    batched |= {state.name: True for state in graph.carried}
    return batched | {node.value(suffix): node.batched for node in graph.all_nodes() for suffix in node.outputs}


def sequenced(model: keras.Model, tensors: Iterable[Tensor]) -> keras.Model:
    """The model, its calls in the order in which the tensors were built.

    Keras runs a functional model by depth, and of equal depth the last call first; a layer with statistics that is called
    several times would then move them in another order than the spec's.
    """
    known = {id(node) for nodes in model._nodes_by_depth.values() for node in nodes}
    ordered: dict[int, Any] = {}

    def visit(tensor: Tensor) -> None:
        operation, place, _ = tensor._keras_history
        node = operation._inbound_nodes[place]
        if id(node) in known and id(node) not in ordered:
            for source in node.input_tensors:
                visit(source)
            ordered[id(node)] = node

    for tensor in tensors:
        visit(tensor)
    rest = [node for nodes in model._nodes_by_depth.values() for node in nodes if id(node) not in ordered]
    model._nodes_by_depth.clear()
    model._nodes_by_depth.update({-place: [node] for place, node in enumerate([*rest, *ordered.values()])})
    return model
