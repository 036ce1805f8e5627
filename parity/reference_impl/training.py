"""Owns the reference's own training run: the graph's gradients and the optimizer's formulas, step after step, in float64.

It refuses to draw and to judge; it exists so that a framework's free run has something to be shown beside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.reference_impl.observation import observe
from parity.reference_impl.rules import Rule
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
}


@dataclass(frozen=True)
class TrainingRun:
    """Loss before each step, and the parameters and statistics at the end."""

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
    """Trains phase 0 through `order` (steps, batch_size), indices into `dataset`. One network, one phase."""
    values = {name: np.asarray(array, dtype=np.float64) for name, array in initial.items()}
    factors = graph.phases[0].updates
    state = rule.begin(list(factors), lambda name, number: np.full(values[name].shape, number))
    losses = []
    for t, rows in enumerate(order, start=1):
        seen = observe(graph, {**values, **{name: array[rows] for name, array in dataset.items()}})
        losses.append(float(np.asarray(seen.loss)))
        known: dict[str, Any] = {"t": t, **hyperparameters}
        if rule.uses_global_norm():
            known["global_norm"] = np.sqrt(sum(np.sum(seen.gradients[name] ** 2) for name in factors))
        for name, factor in factors.items():
            rates = {**known, "learning_rate": known["learning_rate"] * factor}
            values[name] = rule.step(values[name], seen.gradients[name], state[name], rates, FUNCTIONS)
        values |= {name: np.asarray(array) for name, array in seen.state.items()}
        on_step(t)
    return TrainingRun(np.asarray(losses), values)


def moved_by_one_ulp(initial: Mapping[str, Array], numbers: np.random.RandomState) -> dict[str, Array]:
    """Every float moved to a neighbour in its own precision, up or down by chance: the least that two programs differ by."""
    moved = {}
    for name, array in initial.items():
        direction = np.where(numbers.uniform(size=array.shape) < 0.5, -np.inf, np.inf).astype(array.dtype)
        moved[name] = np.asarray(np.nextafter(array, direction)) if array.dtype.kind == "f" else array
    return moved
