"""Graphs built node by node from the ops' signatures, so that the reference is tested without the spec language.

It refuses to parse anything and to know numbers: values are drawn at the end, by name, for everything that the graph declares.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parity.ops import TABLE
from parity.ops.definition import ParameterRule
from parity.spec.graph import Body, Carried, Graph, Input, Node, Parameter, Phase, Shape, Source, Statistic

Array = NDArray[Any]


@dataclass
class Builder:
    """Collects nodes; each call appends to the layers until `phase` is called."""

    shapes: dict[str, Shape] = field(default_factory=dict)
    batched: dict[str, bool] = field(default_factory=dict)
    inputs: list[Input] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    statistics: dict[str, Statistic] = field(default_factory=dict)
    carried: list[Carried] = field(default_factory=list)
    layers: list[Node] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)

    def input(self, name: str, shape: Shape, **kind: Any) -> str:
        self.inputs.append(Input(name, shape, **kind))
        self.shapes[name], self.batched[name] = shape, kind.get("batched", True)
        return name

    def carry(self, name: str, shape: Shape, following: str) -> str:
        self.carried.append(Carried(name, shape, following))
        self.shapes[name], self.batched[name] = shape, True
        return name

    def node(self, op: str, name: str, sources: Mapping[str, Source], share: Mapping[str, str] = {}, **attributes: Any) -> str:
        """Adds a node. The attribute `evaluate` sets the node's flag. share: role -> name of an earlier parameter."""
        evaluate = bool(attributes.pop("evaluate", False))
        signature = inspect.signature(TABLE[op].signature).parameters.values()
        roles = {**sources}
        for parameter in signature:
            if isinstance(parameter.default, str) and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                roles.setdefault(parameter.name, roles[parameter.default])
        joined = roles.get("branches", ())
        shapes = {role: self.shapes[source] for role, source in roles.items() if isinstance(source, str) and role != "mask"}
        complete = {one.name: one.default for one in signature if one.kind is one.KEYWORD_ONLY} | attributes
        rules = TABLE[op].signature(*[self.shapes[source] for source in joined], **shapes, **complete)
        parameters, statistics, outputs = self._declare(name, rules, share)
        names = [source for source in roles.values() if isinstance(source, str)] + list(joined)
        batched = any(self.batched[source] for source in names) and getattr(TABLE[op], "BATCHED", True)
        self._add(Node(name, op, roles, complete, parameters, outputs, statistics, batched=batched, evaluate=evaluate))
        return name

    def _declare(self, name: str, rules: Any, share: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], Any]:
        parameters: dict[str, str] = {}
        statistics: dict[str, str] = {}
        while True:
            try:
                rule = next(rules)
            except StopIteration as end:
                return parameters, statistics, end.value if isinstance(end.value, dict) else {"": end.value}
            full = share.get(rule.role, f"{name}.{rule.role}")
            if isinstance(rule, ParameterRule):
                parameters[rule.role] = full
                kind = rule.kind or rule.role
                self.parameters.setdefault(full, Parameter(full, rule.shape, kind, rule.fan_in, rule.fan_out))
            else:
                statistics[rule.role] = full
                self.statistics.setdefault(full, Statistic(full, rule.shape, rule.initial))

    def _add(self, node: Node) -> None:
        self.nodes.append(node)
        for suffix, shape in node.outputs.items():
            self.shapes[node.value(suffix)], self.batched[node.value(suffix)] = shape, node.batched

    def inside(self, **values: Shape) -> Builder:
        """A builder for a scan's body. It knows these inner values and all outer values, and shares the parameters."""
        shapes, batched = {**self.shapes, **values}, {**self.batched, **dict.fromkeys(values, True)}
        return Builder(shapes, batched, parameters=self.parameters, statistics=self.statistics)

    def scan(self, name: str, inside: Builder, time: int, **body: Any) -> str:
        whole = Body(nodes=tuple(inside.nodes), **body)
        outputs = {"": (time, *inside.shapes[whole.output])}
        self._add(Node(name, "scan", {}, {}, {}, outputs, body=whole))
        return name

    def phase(self, loss_nodes: int, updates: Mapping[str, float] | None = None) -> None:
        """Makes the last `loss_nodes` nodes a phase, whose loss is the last of them."""
        nodes = tuple(self.nodes[-loss_nodes:])
        del self.nodes[-loss_nodes:]
        chosen = dict.fromkeys(self.parameters, 1.0) if updates is None else dict(updates)
        self.phases.append(Phase(f"phase{len(self.phases)}", nodes, nodes[-1].name, chosen))

    def graph(self, outputs: tuple[str, ...] = ()) -> Graph:
        return Graph(
            name="hand_built",
            inputs=tuple(self.inputs),
            nodes=tuple(self.nodes),
            outputs=outputs,
            parameters=tuple(self.parameters.values()),
            statistics=tuple(self.statistics.values()),
            carried=tuple(self.carried),
            phases=tuple(self.phases),
        )


def draw(graph: Graph, batch: int = 3, seed: int = 0) -> dict[str, Array]:
    """Draws values for everything that the graph reads. Inputs named `…mask` are 0 or 2, a mask of dropout at rate 1/2."""
    random = np.random.RandomState(seed)
    values: dict[str, Array] = {}
    for given in graph.batch_inputs():
        shape = (batch, *given.shape) if given.batched else given.shape
        if given.dtype == "integer":
            low, high = (0, given.below - 1) if given.below else given.range or (0, 1)
            values[given.name] = random.randint(int(low), int(high) + 1, shape)
        elif given.name.endswith("mask"):
            values[given.name] = 2.0 * random.randint(0, 2, shape)
        elif given.range is not None:
            values[given.name] = random.uniform(*given.range, size=shape)
        else:
            values[given.name] = random.standard_normal(shape)
    for state in graph.carried:
        values[state.name] = 0.5 * random.standard_normal((batch, *state.shape))
    for parameter in graph.parameters:
        values[parameter.name] = 0.5 * random.standard_normal(parameter.shape)
    for statistic in graph.statistics:
        values[statistic.name] = 0.5 + random.random_sample(statistic.shape)
    return values
