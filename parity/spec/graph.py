"""Owns the expanded graph: nodes in order, every size explicit, every parameter named, as frozen values and as JSON.

It refuses to know what an op means: no mathematics, no defaults, no YAML, and nothing beyond the standard library. A worker
gets this module and the graph's JSON, and nothing else of the spec language.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from math import prod
from typing import Any

FORMAT = 1
"""Version of the graph's JSON. 1: first version."""

Shape = tuple[int, ...]
Source = str | tuple[str, ...]
"""What fills an input of a node: the name of one value, or for a join the names of several values in order."""


@dataclass(frozen=True)
class Input:
    """A value that the batch brings. `shape` has no batch axis; an array for it has shape (batch, *shape)."""

    name: str
    shape: Shape
    dtype: str = "float"  # float | integer
    below: int | None = None  # integers lie in [0, below)
    range: tuple[float, float] | None = None  # both ends included
    batched: bool = True
    trainable: bool = False  # a phase may update it (an optimized image)


@dataclass(frozen=True)
class Parameter:
    """A trainable array. Fans follow Glorot & Bengio 2010: how many inputs reach, and outputs leave, one unit."""

    name: str
    shape: Shape
    role: str  # kernel | recurrent_kernel | bias | recurrent_bias | scale | shift | table | value
    fan_in: int
    fan_out: int
    group: str = "default"  # frozen; or PHASE*FACTOR of the learning rate, for each phase that updates it


@dataclass(frozen=True)
class Statistic:
    """An array that training moves without a gradient (a running mean). It does not count as a parameter."""

    name: str
    shape: Shape
    initial: float


@dataclass(frozen=True)
class Carried:
    """State that one batch hands to the next: zeros at first, then the value `next` without its gradient.

    Its array has shape (batch, *shape). It is read and set together with parameters and statistics.
    """

    name: str
    shape: Shape
    next: str


@dataclass(frozen=True)
class Body:
    """The nodes that a scan repeats over time, which is axis 0 of the logical shape of its sequences.

    sequences: inner name -> outer value that is sliced along time (`input`, and masks of dropout inside).
    state: inner name -> outer value that starts it. next: the same inner name -> inner value that replaces it.
    captured: outer values that the inner nodes use whole. output: inner value that is stacked over time.
    """

    nodes: tuple[Node, ...]
    sequences: Mapping[str, str]
    state: Mapping[str, str]
    next: Mapping[str, str]
    captured: tuple[str, ...]
    output: str


@dataclass(frozen=True)
class Node:
    """One op at one place. A value's name is the node's name, or `NAME.SUFFIX` for a further output (`lstm.state`).

    inputs: role -> value name(s). attributes: complete, defaults written out. parameters, statistics: role -> full name.
    outputs: suffix ("" for the value that bears the node's name) -> shape without batch.
    """

    name: str
    op: str
    inputs: Mapping[str, Source]
    attributes: Mapping[str, Any]
    parameters: Mapping[str, str]
    outputs: Mapping[str, Shape]
    statistics: Mapping[str, str] = field(default_factory=dict)
    dtype: str = "float"  # dtype of its outputs: float | integer
    batched: bool = True  # False: no batch axis (a `parameter` and what comes only from it; a loss)
    evaluate: bool = False  # runs in evaluation mode even while training
    flops: int = 0  # operations of one example's forward pass; a multiply-add counts as 2
    body: Body | None = None
    place: str = ""  # line:column in the spec; never part of a hash

    def value(self, suffix: str) -> str:
        return f"{self.name}.{suffix}" if suffix else self.name

    def sources(self) -> tuple[str, ...]:
        """Every value that this node reads, in order."""
        names: list[str] = []
        for source in self.inputs.values():
            names.extend([source] if isinstance(source, str) else source)
        if self.body:
            names += [*self.body.sequences.values(), *self.body.state.values(), *self.body.captured]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Phase:
    """One step of the training program: nodes that end in one number, and the parameters that the step updates.

    updates: parameter (or trainable input) name -> factor of the learning rate; all others are frozen in this phase.
    optimizer: {"name", "hyperparameters"} that the paper used, or None; a case overrides it.
    """

    name: str
    nodes: tuple[Node, ...]
    loss: str
    updates: Mapping[str, float]
    optimizer: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Graph:
    """An expanded architecture. `networks`: name -> prefixes of its nodes' parameters (for reports and optimizers)."""

    name: str
    inputs: tuple[Input, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    statistics: tuple[Statistic, ...] = ()
    carried: tuple[Carried, ...] = ()
    training_inputs: tuple[Input, ...] = ()
    phases: tuple[Phase, ...] = ()
    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decoding: Mapping[str, Any] | None = None
    format: int = FORMAT

    def parameter_count(self) -> int:
        """How many trainable numbers there are; a shared parameter counts once, running statistics do not count."""
        return sum(prod(parameter.shape) for parameter in self.parameters)

    def flops(self) -> int:
        """Operations of one example's forward pass without the loss; a multiply-add counts as 2."""
        return sum(node.flops for node in self.nodes)

    def all_nodes(self) -> Iterator[Node]:
        """The nodes of the layers, then the nodes of each phase (bodies of scans are inside their node)."""
        yield from self.nodes
        for phase in self.phases:
            yield from phase.nodes

    def node(self, name: str) -> Node:
        for node in self.all_nodes():
            if node.name == name:
                return node
        raise KeyError(f"graph {self.name} has no node {name!r}")

    def batch_inputs(self) -> tuple[Input, ...]:
        return self.inputs + self.training_inputs

    def value_shapes(self) -> dict[str, Shape]:
        """Every value's shape without batch, outside of scan bodies."""
        shapes = {value.name: value.shape for value in self.batch_inputs()}
        shapes |= {carried.name: carried.shape for carried in self.carried}
        for node in self.all_nodes():
            shapes |= {node.value(suffix): shape for suffix, shape in node.outputs.items()}
        return shapes

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = _plain(self)
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Graph:
        if data.get("format") != FORMAT:
            raise ValueError(f"graph format {data.get('format')!r} is not {FORMAT}: write the request with this parity again")
        return _graph(data)

    def digest(self) -> str:
        """sha256 of all that determines the numbers: the JSON without places."""
        text = json.dumps(_without_places(self.to_json()), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def isolate(graph: Graph, name: str, batched_sources: Mapping[str, bool] | None = None) -> Graph:
    """A graph of the node `name` alone: its sources become inputs, and its loss is the sum of weights·output.

    The weights are inputs `weights`, `weights.SUFFIX` of the outputs' shapes. So the gradient that reaches the node is exactly
    the array that the caller feeds. Sources without a batch axis keep `batched` False.
    """
    node = graph.node(name)
    graph_inputs = {graph_input.name: replace(graph_input, trainable=False) for graph_input in graph.batch_inputs()}
    graph_inputs |= {state.name: Input(state.name, state.shape) for state in graph.carried}
    for other in graph.all_nodes():
        for suffix, shape in other.outputs.items():
            value = other.value(suffix)
            graph_inputs[value] = Input(value, shape, other.dtype, batched=other.batched)
    inputs = tuple(graph_inputs[source] for source in node.sources())
    weights, loss_nodes, terms = [], [], []
    for suffix, shape in node.outputs.items():
        weight = Input(f"weights.{suffix}" if suffix else "weights", shape, batched=node.batched)
        weights.append(weight)
        term = f"term.{suffix}" if suffix else "term"
        terms.append(term)
        loss_nodes.append(_loss_node(term, "weighted_sum", {"x": node.value(suffix), "weights": weight.name}))
    if len(terms) > 1:
        loss_nodes.append(_loss_node("loss", "add", {"branches": tuple(terms)}))
    used, moved = _held(node, "parameters"), _held(node, "statistics")
    parameters = tuple(parameter for parameter in graph.parameters if parameter.name in used)
    return Graph(
        name=f"{graph.name}:{name}",
        inputs=inputs,
        nodes=(node,),
        outputs=tuple(node.value(suffix) for suffix in node.outputs),
        parameters=parameters,
        statistics=tuple(statistic for statistic in graph.statistics if statistic.name in moved),
        training_inputs=tuple(weights),
        phases=(Phase("main", tuple(loss_nodes), loss_nodes[-1].name, {parameter.name: 1.0 for parameter in parameters}),),
    )


def _loss_node(name: str, op: str, inputs: Mapping[str, Source]) -> Node:
    return Node(name=name, op=op, inputs=inputs, attributes={}, parameters={}, outputs={"": ()}, batched=False)


def _held(node: Node, kind: str) -> set[str]:
    """The names of the node's parameters or statistics, and of those of every node in its bodies."""
    own = set(getattr(node, kind).values())
    return own.union(*(_held(child, kind) for child in node.body.nodes)) if node.body else own


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return value


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_places(item) for key, item in value.items() if key != "place"}
    if isinstance(value, list):
        return [_without_places(item) for item in value]
    return value


def _shape(values: Any) -> Shape:
    return tuple(int(value) for value in values)


def _input(data: Mapping[str, Any]) -> Input:
    limits = data["range"]
    return Input(**{**data, "shape": _shape(data["shape"]), "range": tuple(limits) if limits else None})


def _node(data: Mapping[str, Any]) -> Node:
    inputs = {role: source if isinstance(source, str) else tuple(source) for role, source in data["inputs"].items()}
    outputs = {suffix: _shape(shape) for suffix, shape in data["outputs"].items()}
    body = data["body"]
    if body is not None:
        nodes = tuple(_node(child) for child in body["nodes"])
        body = Body(**{**body, "nodes": nodes, "captured": tuple(body["captured"])})
    return Node(**{**data, "inputs": inputs, "outputs": outputs, "body": body})


def _graph(data: Mapping[str, Any]) -> Graph:
    return Graph(
        name=data["name"],
        inputs=tuple(_input(item) for item in data["inputs"]),
        nodes=tuple(_node(item) for item in data["nodes"]),
        outputs=tuple(data["outputs"]),
        parameters=tuple(Parameter(**{**item, "shape": _shape(item["shape"])}) for item in data["parameters"]),
        statistics=tuple(Statistic(**{**item, "shape": _shape(item["shape"])}) for item in data["statistics"]),
        carried=tuple(Carried(**{**item, "shape": _shape(item["shape"])}) for item in data["carried"]),
        training_inputs=tuple(_input(item) for item in data["training_inputs"]),
        phases=tuple(Phase(**{**item, "nodes": tuple(_node(node) for node in item["nodes"])}) for item in data["phases"]),
        networks={name: tuple(prefixes) for name, prefixes in data["networks"].items()},
        decoding=data["decoding"],
    )
