"""Owns the walk of a whole graph: forward through its layers and one phase, and backward to every gradient.

It refuses to draw, to round its inputs, and to evaluate a node (parity.reference_impl.nodes does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.ops import TABLE
from parity.ops.definition import Array, Op, Run
from parity.reference_impl import nodes
from parity.reference_impl.precision import rounding
from parity.reference_impl.walk_state import EvaluatedNode, Frame, Tape
from parity.spec.graph import Graph, Node, Parameter, Phase, Statistic
from parity.spec.graph_facts import mask_inputs


@dataclass(frozen=True)
class Walk:
    """An evaluated graph. values: every value by name, including inputs and carried state. state: statistics after this pass,
    and the carried state of the next batch."""

    graph: Graph
    phase: Phase | None
    run: Run
    values: Mapping[str, Array]
    state: Mapping[str, Array]
    steps: list[EvaluatedNode]

    def nodes(self) -> tuple[Node, ...]:
        """The nodes that were evaluated, in order."""
        return self.graph.nodes + (self.phase.nodes if self.phase else ())


@dataclass(frozen=True)
class Gradients:
    """The gradients of one number with respect to parameters (without the phase's frozen parameters), float inputs (without
    masks), and if asked for every float value of the graph. They are zero for arrays that the number does not depend on."""

    parameters: Mapping[str, Array]
    inputs: Mapping[str, Array]
    cotangents: Mapping[str, Array]


def forward(
    graph: Graph,
    values: Mapping[str, Array],
    run: Run,
    phase: Phase | None = None,
    branches: Mapping[str, Any] | None = None,
    precision: str = "",
) -> Walk:
    """Evaluates the graph. values: inputs, parameters, statistics and carried state by name, floats in the run's precision.

    precision: the precision to round to at op boundaries, if it is narrower than the run's. branches: node name -> which side
    of its kink to take (inner nodes of a scan as `SCAN.NODE`, with time after the batch). Raises ValueError for a value that is
    missing or has a wrong shape or precision.
    """
    inputs = _given(graph, values, run, phase)
    sources = _sources(graph)
    frame = Frame(
        run=run,
        values={name: array for name, array in inputs.items() if name in sources},
        batched={name: flag for name, flag in sources.items() if name in inputs},
        parameters={parameter.name: inputs[parameter.name] for parameter in graph.parameters},
        statistics={statistic.name: inputs[statistic.name] for statistic in graph.statistics},
        branches=branches or {},
        rounding=rounding(precision),
    )
    steps = nodes.forward(frame, graph.nodes + (phase.nodes if phase else ()))
    _check_batches(graph, phase, frame)
    carried = {state.name: _carried(frame, state.name, state.next) for state in graph.carried}
    return Walk(graph, phase, run, frame.values, {**frame.statistics, **carried}, steps)


def _sources(graph: Graph) -> dict[str, bool]:
    """Values that nodes read and no node computes -> whether they have a batch axis."""
    batched = {graph_input.name: graph_input.batched for graph_input in graph.batch_inputs()}
    return batched | {state.name: True for state in graph.carried}


def _given(graph: Graph, values: Mapping[str, Array], run: Run, phase: Phase | None) -> dict[str, Array]:
    """The arrays that this walk reads, after a check of shape and precision."""
    inputs = graph.batch_inputs() if phase else graph.inputs
    expected = {graph_input.name: (graph_input.shape, graph_input.batched, graph_input.dtype) for graph_input in inputs}
    expected |= {state.name: (state.shape, True, "float") for state in graph.carried}
    named: tuple[Parameter | Statistic, ...] = (*graph.parameters, *graph.statistics)
    expected |= {item.name: (item.shape, False, "float") for item in named}
    if missing := sorted(set(expected) - set(values)):
        raise ValueError(f"graph {graph.name}: no values for {', '.join(missing)}")
    for name, (shape, batched, dtype) in expected.items():
        array = values[name]
        if array.shape[int(batched) :] != tuple(shape):
            raise ValueError(f"graph {graph.name}: {name} has shape {array.shape}, without batch it is {shape}")
        if (array.dtype != run.dtype) if dtype == "float" else (array.dtype.kind not in "iu"):
            raise ValueError(f"graph {graph.name}: {name} is {array.dtype} in a walk of {run.dtype}")
    return {name: values[name] for name in expected}


def _check_batches(graph: Graph, phase: Phase | None, frame: Frame) -> None:
    for node in (*graph.nodes, *(phase.nodes if phase else ())):
        wrong = [suffix for suffix in node.outputs if frame.batched[node.value(suffix)] != node.batched]
        if wrong:
            raise ValueError(f"graph {graph.name}: node {node.name} says batched: {node.batched}, its sources say otherwise")


def _carried(frame: Frame, name: str, following: str) -> Array:
    array = frame.values[following]
    return array if frame.batched[following] else np.broadcast_to(array, (len(frame.values[name]), *array.shape))


def backward(walk: Walk, seeds: Mapping[str, Array] | None = None, *, of_values: bool = True) -> Gradients:
    """Gradients of the phase's loss, or of the sum of seed·value over `seeds` (value name -> array of its shape). It can be
    called once per walk, since it uses up the walk's steps. of_values: whether the gradients of inner values are kept."""
    if seeds is None:
        if walk.phase is None:
            raise ValueError(f"graph {walk.graph.name}: a walk without a phase has no loss; give seeds")
        seeds = {walk.phase.loss: np.ones((), walk.run.dtype)}
    cotangents, parameters = dict(seeds), dict[str, Array]()
    nodes.backward(walk.steps, cotangents, parameters, keep=of_values)
    updates = walk.phase.updates if walk.phase else None
    inside = {node.value(suffix) for node in walk.nodes() for suffix in node.outputs}
    for name, value in walk.values.items():
        if value.dtype.kind in "fc" and (of_values or name not in inside):
            cotangents.setdefault(name, np.broadcast_to(walk.run.number(0), value.shape))
    named = {parameter.name: parameter.shape for parameter in walk.graph.parameters}
    kept = named if updates is None else {name: named[name] for name in updates if name in named}
    masks = mask_inputs(walk.graph.all_nodes())
    inputs = [
        graph_input.name
        for graph_input in walk.graph.batch_inputs()
        if graph_input.name in walk.values and graph_input.name not in masks
    ]
    return Gradients(
        {name: parameters.get(name, np.zeros(shape, walk.run.dtype)) for name, shape in kept.items()},
        {name: cotangents[name] for name in inputs if name in cotangents},
        cotangents,
    )


def margins(steps: list[EvaluatedNode]) -> dict[str, Array]:
    """Kinked node -> distance of each element from its kink, in the shape of the value (for max_pool2d: of each window).

    Inner nodes of a scan are called `SCAN.NODE` and have time after the batch.
    """
    arrays: dict[str, Array] = {}
    for step in steps:
        if isinstance(step.saved, Tape):
            each = [margins(inner) for inner in step.saved.times]
            arrays |= {f"{step.node.name}.{name}": np.stack([entry[name] for entry in each], axis=1) for name in each[0]}
        elif Op(TABLE[step.node.op]).kinked:
            margin = TABLE[step.node.op].kinks(step.saved)
            arrays[step.node.name] = margin[0] if step.alone else margin
    return arrays


def taken(steps: list[EvaluatedNode]) -> dict[str, Any]:
    """Kinked node -> the branch that each element took, in the form of `branches` in `forward` (several arrays for a formula).

    A formula inside a scan is left out: its branch may have no batch axis, and then has no place for the time axis.
    """
    taken_arrays: dict[str, Any] = {}
    for step in steps:
        if isinstance(step.saved, Tape):
            each = [taken(inner) for inner in step.saved.times]
            arrays = [name for name, branch in each[0].items() if isinstance(branch, np.ndarray)]
            taken_arrays |= {f"{step.node.name}.{name}": np.stack([entry[name] for entry in each], axis=1) for name in arrays}
        elif Op(TABLE[step.node.op]).kinked:
            branch = TABLE[step.node.op].taken(step.saved)
            if step.alone:
                branch = branch[0] if isinstance(branch, np.ndarray) else tuple(item[0] for item in branch)
            taken_arrays[step.node.name] = branch
    return taken_arrays
