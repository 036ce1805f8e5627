"""Makes mutants of specs mechanically: every attribute of every different node of every small architecture, changed once.

Each node runs alone (isolate), with the reference's activations and gradients, in the reference with the changed attribute.
Changes of a parameter's or an output's shape are left out (no framework could load the parameters), and so are dilations of
0, which the language refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from formula_mutants import mutants as formula_mutants
from op_examples import expand
from reference_framework import Implementation, Realized

from parity.execution.worker.tasks import agreement as observed
from parity.judgement.verdicts import GREEN, worst
from parity.ops import TABLE
from parity.ops.definition import ShapeError
from parity.spec.graph import Graph, Node
from parity.spec.specs import Architecture, Initializer, Optimizer, load
from parity.trials.networks import architecture_trials
from parity.trials.trial import Options, Trial


@dataclass(frozen=True)
class Mutant:
    """A node's trial and the graph with one attribute changed. name: `spec:node.attribute: before -> after`.

    equivalent: the proof that no input distinguishes it from the original; empty if there is none.
    """

    name: str
    trial: Trial
    graph: Graph
    equivalent: str


@cache
def trials(spec: str, dtype: str) -> tuple[Trial, ...]:
    """A trial for every distinct node of a small architecture, alone."""
    architecture, initializer, optimizer = (
        load(f"architectures/{spec}"),
        load("initializers/glorot_uniform"),
        load("optimizers/sgd"),
    )
    assert isinstance(architecture, Architecture) and isinstance(initializer, Initializer) and isinstance(optimizer, Optimizer)
    every = architecture_trials(architecture, initializer, optimizer, Options(dtypes=(dtype,), steps=1))
    return tuple(trial for trial in every if trial.kind == "nodes")


def mutants(spec: str, dtype: str) -> Iterator[Mutant]:
    for trial in trials(spec, dtype):
        graph = trial.case.graph
        assert graph is not None
        (node,) = graph.nodes
        for inner in node.body.nodes if node.body else (node,):
            for attribute, value in _changes(inner):
                changed = replace(inner, attributes={**inner.attributes, attribute: value})
                shapes = _shapes(inner, graph, node)
                if not _fits(inner, changed, shapes):
                    continue
                whole = changed
                if node.body:
                    nodes = tuple(changed if one is inner else one for one in node.body.nodes)
                    whole = replace(node, body=replace(node.body, nodes=nodes))
                name = f"{spec}:{inner.name}.{attribute}: {inner.attributes[attribute]} -> {value}"
                proof = equivalent(inner, attribute, value, shapes)
                yield Mutant(name, trial, replace(graph, nodes=(whole,)), proof)


def _changes(node: Node) -> Iterator[tuple[str, Any]]:
    op: ModuleType | None = TABLE.get(node.op)
    words: Mapping[str, tuple[str, ...]] = getattr(op, "WORDS", {})
    for attribute, value in node.attributes.items():
        if attribute in words:
            yield from ((attribute, word) for word in words[attribute] if word != value)
        elif attribute == "text":
            yield from ((attribute, text) for text in dict.fromkeys(formula_mutants(value)) if text != value)
        else:
            yield from ((attribute, other) for other in _values(value) if not (attribute == "dilation" and 0 in other))


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield from (value * 2, value / 2) if value else (0.25,)
    elif isinstance(value, (list, tuple)):
        for place, one in enumerate(value):
            yield from ((*value[:place], other, *value[place + 1 :]) for other in _values(one))


def equivalent(node: Node, attribute: str, value: Any, shapes: Mapping[str, Any]) -> str:
    """The reason why no input can distinguish the node with this value of the attribute, if no shape changes; else empty."""
    before = node.attributes[attribute]
    if attribute == "dilation" and all(
        old == new or size == 1 for old, new, size in zip(before, value, node.attributes["kernel"], strict=True)
    ):
        return "a kernel of size 1 has no gap to widen"
    walked = shapes["x"][1:] if node.op == "conv_transpose2d" else node.outputs[""][1:]  # the places that a window stands at
    alike = attribute == "stride" and all(old == new or size == 1 for old, new, size in zip(before, value, walked, strict=True))
    if alike and 0 not in value:
        return "there is one window along this axis, and no step to another"
    if attribute == "padding" and all(old[0] == new[0] for old, new in zip(before, value, strict=True)):
        return "as many windows start at the same places, so the last one ends before the row that came or went"
    if attribute == "count_padding" and not np.any(node.attributes["padding"]):
        return "there is no padding to count"
    if attribute in ("rate", "dropout") and before and value and "mask" in node.inputs:
        return "the mask brings its rate along; the native layer is judged by itself"
    if attribute == "axis" and (rank := len(shapes["x"] if "x" in shapes else shapes["branches"][0])):
        return "the same axis counted from the other end" if before % rank == value % rank else ""
    if attribute == "dropout" and node.attributes.get("layers") == 1:
        return "it lies between the layers of a stack, and here is one layer"
    if node.op == "batch_norm" and node.evaluate and attribute in ("momentum", "running_variance"):
        return "it runs in evaluation mode even while training, which moves no statistic"
    if node.op == "softmax_cross_entropy" and attribute == "mean" and "lengths" not in node.inputs:
        return "every sequence has the same number of valid positions, so both means give each the same weight"
    return ""


def _fits(node: Node, changed: Node, shapes: Mapping[str, Any]) -> bool:
    """Whether the changed attributes are legal and change no shape."""
    op = TABLE[node.op]
    try:
        before, after = (expand(op, shapes, one.attributes) for one in (node, changed))
    except (ShapeError, ValueError, ZeroDivisionError, ArithmeticError):
        return False
    return _plain(before) == _plain(after)


def _plain(expanded: Any) -> Any:
    rules, outputs = expanded
    return [(rule.role, rule.shape) for rule in rules], dict(outputs)


def _shapes(node: Node, graph: Graph, whole: Node) -> dict[str, Any]:
    known = graph.value_shapes()
    if whole.body:
        known |= {inner: known[outer][1:] for inner, outer in whole.body.sequences.items()}
        known |= {inner: known[outer] for inner, outer in whole.body.state.items()}
        known |= {one.value(suffix): shape for one in whole.body.nodes for suffix, shape in one.outputs.items()}
    return {
        role: known[source] if isinstance(source, str) else tuple(known[name] for name in source)
        for role, source in node.inputs.items()
        if role != "mask"
    }


def right(trial: Trial) -> bool:
    """Whether the unchanged trial is green."""
    assert trial.case.graph is not None
    return _verdict(trial, trial.case.graph) in GREEN


def caught(mutant: Mutant) -> str:
    """The verdict or `crashed` for a mutant; empty if it cannot be told apart."""
    try:
        verdict = _verdict(mutant.trial, mutant.graph)
    except Exception as error:  # whatever a wrong attribute raises, a worker would record as a crash
        return f"crashed: {type(error).__name__}"
    return "" if verdict in GREEN else verdict


def _verdict(trial: Trial, graph: Graph) -> str:
    class Changed(Realized):
        def built(self, _: Graph) -> Graph:
            return graph

    class Framework(Implementation):
        realized = Changed

    with np.errstate(all="ignore"):
        arrays = observed(Framework().realize(trial.case), trial.case, trial.arrays)
        return worst(one.verdict for one in trial.judge(arrays))
