"""Owns the graph of one op alone: an example of the op as an ordinary graph, whose loss is a weighted sum of its outputs.

It refuses to draw numbers and to choose the examples, which are in the op's file.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from parity.ops import TABLE
from parity.ops.definition import Example, Op, ParameterRule, Rules
from parity.spec.graph import Graph, Input, Node, Parameter, Phase, Shape, Source, Statistic
from parity.spec.masks import with_masks

NODE = "node"


def op_graph(op: str, example: Example) -> Graph:
    """A graph with one node, called `node`, and with its dropout masks as inputs. Its loss
    is Σ weights·output over its outputs."""
    module = TABLE[op]
    inputs, sources = _inputs(module, example)
    shapes = {graph_input.name: graph_input.shape for graph_input in inputs}
    kinds = inspect.signature(module.signature).parameters.values()
    defaults = {parameter.name: parameter.default for parameter in kinds if parameter.kind is parameter.KEYWORD_ONLY}
    attributes = {name: example.attributes.get(name, default) for name, default in defaults.items()}
    joined = [shapes[name] for name in sources.get("branches", ())]
    single = {role: shapes[name] for role, name in sources.items() if isinstance(name, str)}
    parameters, statistics, outputs = _declared(module.signature(*joined, **single, **attributes))
    node = Node(
        name=NODE,
        op=op,
        inputs=sources,
        attributes=attributes,
        parameters={parameter.name.removeprefix(f"{NODE}."): parameter.name for parameter in parameters},
        statistics={statistic.name.removeprefix(f"{NODE}."): statistic.name for statistic in statistics},
        outputs=outputs,
        batched=bool(inputs) and Op(module).batched,
    )
    graph = Graph(
        name=op,
        inputs=inputs,
        nodes=(node,),
        outputs=tuple(node.value(suffix) for suffix in outputs),
        parameters=parameters,
        statistics=statistics,
    )
    return with_masks(_weighed(graph, node))


def _inputs(module: ModuleType, example: Example) -> tuple[tuple[Input, ...], dict[str, Source]]:
    """The inputs of the batch, and which of them fills which role. A role that the example
    leaves out is filled from its source."""
    inputs, sources = [], dict[str, Source]()
    shape: Any
    for role, shape in example.shapes.items():
        if role == "branches":
            branches = [Input(f"branch{place}", item) for place, item in enumerate(shape)]
            inputs += branches
            sources[role] = tuple(graph_input.name for graph_input in branches)
            continue
        whole = "Integers" in str(module.signature.__annotations__.get(role, ""))
        inputs.append(Input(role, shape, "integer" if whole else "float", example.below.get(role), example.limits.get(role)))
        sources[role] = role
    for kind in inspect.signature(module.signature).parameters.values():
        if kind.kind is kind.POSITIONAL_OR_KEYWORD and isinstance(kind.default, str):
            sources.setdefault(kind.name, sources[kind.default])
    return tuple(inputs), sources


def _declared(rules: Rules) -> tuple[tuple[Parameter, ...], tuple[Statistic, ...], Mapping[str, Shape]]:
    """The parameters, statistics and outputs that a signature declares."""
    parameters: list[Parameter] = []
    statistics: list[Statistic] = []
    while True:
        try:
            rule = next(rules)
        except StopIteration as end:
            return tuple(parameters), tuple(statistics), end.value if isinstance(end.value, dict) else {"": end.value}
        if isinstance(rule, ParameterRule):
            parameters.append(Parameter(f"{NODE}.{rule.role}", rule.shape, rule.kind or rule.role, rule.fan_in, rule.fan_out))
        else:
            statistics.append(Statistic(f"{NODE}.{rule.role}", rule.shape, rule.initial))


def _weighed(graph: Graph, node: Node) -> Graph:
    """The graph with a training phase: Σ weights·output, with the weights as inputs of the batch."""
    weights, terms = [], []
    for suffix, shape in node.outputs.items():
        name = f"weights.{suffix}"  # an op may have an input called `weights`
        weights.append(Input(name, shape, batched=node.batched))
        sources: dict[str, Source] = {"x": node.value(suffix), "weights": name}
        terms.append(Node(f"term.{suffix}", "weighted_sum", sources, {}, {}, {"": ()}, batched=False))
    names = tuple(term.name for term in terms)
    loss = Node("loss", "add", {"branches": names}, {}, {}, {"": ()}, batched=False)
    phase = Phase("main", (*terms, loss), loss.name, dict.fromkeys((parameter.name for parameter in graph.parameters), 1.0))
    return replace(graph, training_inputs=tuple(weights), phases=(phase,))
