"""Owns the reference's own training run: the graph's gradients and the optimizer's formulas, step after step, in float64; and
the outputs of a trained graph on examples.

It refuses to draw and to judge. It exists so that a framework's free run can be shown beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.ops.definition import Run, neighbours
from parity.reference_impl import matrices
from parity.reference_impl import walk as walking
from parity.reference_impl.observation import cast, observe
from parity.reference_impl.precision import COMPUTED
from parity.reference_impl.rules import Rule, State
from parity.spec.graph import Graph

Array = npt.NDArray[Any]

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "abs": np.abs,
    "sign": np.sign,
    "tanh": np.tanh,
    "min": np.minimum,
    "max": np.maximum,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "norm": lambda x: np.sqrt(np.sum(np.square(x))),
    **matrices.PLAIN,
}


@dataclass(frozen=True)
class TrainingRun:
    """The loss before each step, and the parameters and statistics at the end."""

    losses: Array
    final: Mapping[str, Array]


def train(
    graph: Graph,
    rule: Rule,
    hyperparameters: Mapping[str, float],
    initial: Mapping[str, Array],
    dataset: Mapping[str, Array],
    order: Array,
    on_step: Callable[[int], None] = lambda _: None,
) -> TrainingRun:
    """Trains with the batches of `order` (steps, batch_size), indices into `dataset`. Each batch runs every phase in order;
    each phase has an optimizer state of its own. Statistics move with every phase; a carried state continues from the last
    phase. The losses are those of the last phase."""
    values = {name: np.asarray(array, dtype=np.float64) for name, array in initial.items()}
    carried = {state.name for state in graph.carried}
    states = [_begin(rule, phase.updates, values) for phase in graph.phases]
    losses = []
    for t, rows in enumerate(order, start=1):
        batch = {name: array[rows] for name, array in dataset.items()}
        moved: dict[str, Array] = {}
        for place, phase in enumerate(graph.phases):
            reference = observe(graph, {**values, **batch}, phase=place)
            variables: dict[str, Any] = {"t": t, **hyperparameters}
            if rule.uses_global_norm():
                variables["global_norm"] = np.sqrt(sum(np.sum(reference.gradients[name] ** 2) for name in phase.updates))
            for name, factor in phase.updates.items():
                rates = {**variables, "learning_rate": variables["learning_rate"] * factor}
                values[name] = rule.step(values[name], reference.gradients[name], states[place][name], rates, FUNCTIONS)
            moved = {name: np.asarray(array) for name, array in reference.state.items()}
            values |= {name: array for name, array in moved.items() if name not in carried}
        values |= moved
        losses.append(float(np.asarray(reference.loss)))
        on_step(t)
    return TrainingRun(np.asarray(losses), values)


def _begin(rule: Rule, updates: Mapping[str, float], values: Mapping[str, Array]) -> State:
    return rule.begin(list(updates), lambda name, number: np.full(values[name].shape, number))


def evaluate(graph: Graph, values: Mapping[str, Array], examples: Mapping[str, Array], wanted: str, batch_size: int) -> Array:
    """A value on every example. A value of the layers is computed in evaluation mode and in batches, as the worker does it (the
    last batch is filled up). A value of a phase's own nodes is computed on all examples at once, in training mode, since a
    phase has no other mode."""
    if not any(wanted == node.value(suffix) for node in graph.nodes for suffix in node.outputs):
        values64, program = cast({**values, **examples}, COMPUTED["float64"]), graph.phases[_phase_of(graph, wanted)]
        value: Array = walking.forward(graph, values64, Run(COMPUTED["float64"], True), program).values[wanted]
        return value
    count = len(next(iter(examples.values())))
    parts = []
    for start in range(0, count, batch_size):
        rows = np.arange(start, start + batch_size)
        fed = {name: array[np.where(rows < count, rows, start)] for name, array in examples.items()}
        parts.append(observe(graph, {**values, **fed}, training=False).values[wanted][rows < count])
    return np.concatenate(parts)


def _phase_of(graph: Graph, wanted: str) -> int:
    for place, phase in enumerate(graph.phases):
        if any(wanted == node.value(suffix) for node in phase.nodes for suffix in node.outputs):
            return place
    raise KeyError(f"graph {graph.name} has no value {wanted!r}")


def moved_by_one_ulp(initial: Mapping[str, Array], numbers: np.random.RandomState) -> dict[str, Array]:
    """Every float moved to a neighbour in its own precision, up or down by chance: the
    least difference that two programs have."""
    return {name: neighbours(array, numbers) if array.dtype.kind == "f" else array for name, array in initial.items()}
