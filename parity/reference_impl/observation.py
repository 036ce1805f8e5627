"""Owns what the reference observes in one pass, under the names that the frameworks use, and the shadows beside it.

It refuses to judge and to draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from parity.ops.definition import Array, Run
from parity.reference_impl import walk as walking
from parity.reference_impl.precision import COMPUTED
from parity.spec.graph import Graph


@dataclass(frozen=True)
class Reference:
    """One pass, with the names of parity.execution.protocol.Observation, and facts that only the reference can tell.

    values: every float value of layers and phase. cotangents: if asked for, the gradient of the loss for every float value,
    including inputs and carried state. margins: kinked node -> distance of each element from its kink. branches: kinked node ->
    the branch that each element took.
    """

    values: Mapping[str, Array] = field(default_factory=dict)
    loss: Array | None = None
    gradients: Mapping[str, Array] = field(default_factory=dict)
    input_gradients: Mapping[str, Array] = field(default_factory=dict)
    state: Mapping[str, Array] = field(default_factory=dict)
    cotangents: Mapping[str, Array] = field(default_factory=dict)
    margins: Mapping[str, Array] = field(default_factory=dict)
    branches: Mapping[str, Any] = field(default_factory=dict)


def observe(
    graph: Graph,
    values: Mapping[str, Array],
    dtype: str = "float64",
    order_seed: int | None = None,
    *,
    training: bool = True,
    phase: int = 0,
    branches: Mapping[str, Any] | None = None,
    cotangents: bool = False,
) -> Reference:
    """One training pass of one phase (values, loss, gradients, state), or the values of the layers in evaluation mode.

    values: arrays by name as they were drawn, in any precision; floats are cast to the precision of the walk. dtype: the
    precision to compute in. order_seed: None for NumPy's order of summation; 0 for one term after the other; any other number
    for another order of every sum (if it is even, a long matrix product also adds its terms one after the other).
    """
    computed = COMPUTED[dtype]
    order = np.random.RandomState(order_seed) if order_seed else None
    run = Run(computed, training, order, running=order_seed is not None and order_seed % 2 == 0)
    program = graph.phases[phase] if training and graph.phases else None
    walk = walking.forward(graph, cast(values, computed), run, program, branches, dtype)
    produced = {name: walk.values[name] for name in _produced(walk) if walk.values[name].dtype.kind == "f"}
    margins, taken = walking.margins(walk.steps), walking.taken(walk.steps)
    if program is None:
        return Reference(produced, state=walk.state, margins=margins, branches=taken)
    gradients = walking.backward(walk, of_values=cotangents)
    trained = {name: gradients.inputs[name] for name in program.updates if name in gradients.inputs}
    return Reference(
        values=produced,
        loss=walk.values[program.loss],
        gradients={**gradients.parameters, **trained},
        input_gradients=gradients.inputs,
        state=walk.state,
        cotangents=gradients.cotangents if cotangents else {},
        margins=margins,
        branches=taken,
    )


def _produced(walk: walking.Walk) -> list[str]:
    return [node.value(suffix) for node in walk.nodes() for suffix in node.outputs]


def cast(values: Mapping[str, Array], dtype: str) -> dict[str, Array]:
    """Floats in `dtype`, everything else as it is."""
    return {name: array.astype(dtype) if array.dtype.kind == "f" else array for name, array in values.items()}


def shadows(
    graph: Graph,
    values: Mapping[str, Array],
    dtype: str,
    seeds: Sequence[int],
    *,
    training: bool = True,
    phase: int = 0,
    branches: Mapping[str, Any] | None = None,
) -> list[Reference]:
    """The same pass in the tested precision, once per seed, each time with another order of every sum:
    these show what rounding alone may do."""
    return [observe(graph, values, dtype, seed, training=training, phase=phase, branches=branches) for seed in seeds]
