"""Owns the graphs that judge one thing alone: an optimizer, an initializer, native dropout.

It refuses to build anything that an architecture's YAML could say. spec.graph isolates the nodes of an architecture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import BATCH, PARAMETER, RATE, array_name
from parity.spec.cases import Sampling
from parity.spec.graph import Graph, Input, Node, Parameter, Phase
from parity.trials.draws import Draws, rounded
from parity.trials.streams import power_of_ten, stream

Array = npt.NDArray[Any]

OPTIMIZER_SHAPES: Mapping[str, tuple[int, ...]] = {"matrix": (7, 5), "vector": (11,)}
"""Two parameters, so that a norm over both differs from a norm of each."""

SCOPED_SHAPES: Mapping[str, tuple[int, ...]] = {**OPTIMIZER_SHAPES, "wide": (3, 11)}
"""Parameters for a rule that says how many axes it is made for: matrices with more rows than
columns, and with more columns than rows."""

SAMPLINGS: Mapping[str, Sampling] = {
    "dense": Sampling((61, 53), "kernel", fan_in=53, fan_out=61),
    "conv1d": Sampling((29, 13, 5), "kernel", fan_in=13 * 5, fan_out=29 * 5),
    "conv2d": Sampling((29, 13, 5, 3), "kernel", fan_in=13 * 15, fan_out=29 * 15),
    "conv3d": Sampling((11, 13, 2, 3, 5), "kernel", fan_in=13 * 30, fan_out=11 * 30),
    "grouped": Sampling((34, 13, 5, 3), "kernel", fan_in=13 * 15, fan_out=17 * 15, groups=2),
    "depthwise": Sampling((106, 1, 7, 5), "kernel", fan_in=35, fan_out=2 * 35, groups=53),
    "conv_transpose2d": Sampling((29, 13, 5, 3), "kernel", fan_in=29 * 15, fan_out=13 * 15, transposed=True),
}
"""Parameters that each initializer draws. Their sizes are distinct primes, so that a swapped fan shows.

In a grouped convolution, a unit sees only the inputs of its group, and an input reaches only the units of its group. The inputs
of a transposed convolution are those of its layer (He et al. 2015, section 2.2: the number of connections of a response).
"""


def optimizer_probe(axes: Sequence[int] | None = None) -> Graph:
    """A graph whose loss is Σ w·x, so that the gradient of the parameter w *is* the input x (batch of one).

    axes: the axis counts that the rule allows; None for any.
    """
    shapes = (
        OPTIMIZER_SHAPES
        if axes is None
        else {name: scoped_shape for name, scoped_shape in SCOPED_SHAPES.items() if len(scoped_shape) in axes}
    )
    nodes, inputs, parameters, losses = [], [], [], []
    for name, shape in shapes.items():
        parameters.append(Parameter(f"{name}.value", shape, "value", 1, 1))
        nodes.append(_node(name, "parameter", {}, {"shape": list(shape)}, {"value": f"{name}.value"}, shape))
        inputs.append(Input(f"{name}.gradient", shape))
        losses.append(_node(f"{name}.term", "weighted_sum", {"x": name, "weights": f"{name}.gradient"}, {}, {}, ()))
    losses.append(_node("loss", "add", {"branches": tuple(loss.name for loss in losses)}, {}, {}, ()))
    phase = Phase("main", tuple(losses), "loss", {parameter.name: 1.0 for parameter in parameters})
    return Graph(
        name="optimizer_probe",
        inputs=(),
        nodes=tuple(nodes),
        outputs=tuple(node.name for node in nodes),
        parameters=tuple(parameters),
        training_inputs=tuple(inputs),
        phases=(phase,),
    )


def optimizer_draws(graph: Graph, dtype: str, seed: int, steps: int) -> Draws:
    """Gradients with magnitudes from 1e-7 to 1 and both signs, and parameters so small that an update shows."""
    arrays: dict[str, Array] = {}
    for parameter in graph.parameters:
        numbers = stream("optimizer", seed, parameter.name)
        arrays[array_name(PARAMETER, parameter.name)] = 1e-2 * numbers.standard_normal(parameter.shape)
    for step in range(steps):
        for graph_input in graph.training_inputs:
            numbers = stream("optimizer", seed, graph_input.name, step)
            size = power_of_ten(numbers.uniform(-7, 0, (1, *graph_input.shape)))
            arrays[array_name(BATCH, step, graph_input.name)] = size * np.where(
                numbers.uniform(size=size.shape) < 0.5, -1.0, 1.0
            )
    return Draws({name: rounded(array, dtype) for name, array in arrays.items()})


SEPARATING: Mapping[str, float] = {
    "learning_rate": 2.0**-6,
    "momentum": 0.75,
    "dampening": 0.375,
    "rho": 0.625,
    "beta_1": 0.75,
    "beta_2": 0.875,
    "epsilon": 2.0**-4,
    "weight_decay": 0.125,
    "schedule_decay": 0.5,
    "accumulator": 0.3125,
    "rate_decay": 0.25,
    "l1": 0.0625,
    "l2": 3.0,
    "beta": 0.5,
    "beta_2_decay": -0.75,
    "epsilon_1": 2.0**-6,
    "epsilon_2": 0.875,
    "clip_threshold": 1.125,
    "trust": 0.75,
    "eta_minus": 0.5,
    "eta_plus": 1.25,
    "smallest_step": 2.0**-8,
    "largest_step": 2.0**-5,
}
"""Values at which closed forms differ visibly: a large epsilon, short memories. All are exact in float32."""

RATES = (1.0, 1.0, 0.5, 0.5, 2.0, 0.25, 1.0, 4.0)
"""The learning rate of each step of a fingerprint, as a multiple of the base rate. It
changes, so that its place in a rule shows."""


FINGERPRINT_SHAPES: Mapping[str, tuple[int, ...]] = {"matrix": (13, 11), "vector": (29,)}
"""Enough numbers that rules that use only a sign differ somewhere."""

SCALES: Mapping[str, float] = {"matrix": 4.0, "vector": 0.125}
"""The size of the weights: their norms are above 10, or far below the norm of a step, which
are sizes where rules cut ratios off."""

LARGE = 0.04
"""The share of gradients that are large, 30 to 3,000, so that clipping at a fixed number shows."""


def fingerprint_draws(dtype: str, seed: int = 0) -> dict[str, Array]:
    """Arrays of a fingerprint: ordinary sizes, but weights of two scales and a few large gradients."""
    arrays = ordinary_draws(dtype, seed, FINGERPRINT_SHAPES)
    for name, shape in FINGERPRINT_SHAPES.items():
        arrays[array_name(PARAMETER, name)] *= SCALES[name]
        for step in range(len(RATES)):
            numbers = stream("large gradients", seed, name, step)
            large = rounded(power_of_ten(numbers.uniform(1.5, 3.5, shape)), "float32").astype(dtype)
            key = array_name(BATCH, step, name)
            gradients = arrays[key]
            arrays[key] = np.where(numbers.uniform(size=shape) < LARGE, np.sign(gradients) * large, gradients)
    return arrays


def ordinary_draws(dtype: str, seed: int = 0, shapes: Mapping[str, tuple[int, ...]] = OPTIMIZER_SHAPES) -> dict[str, Array]:
    """Weights of size 1, and for every step gradients of sizes 1e-7 to 8 and a rate: gaps are measured on these."""
    arrays: dict[str, Array] = {}
    for name, shape in shapes.items():
        arrays[array_name(PARAMETER, name)] = stream("fingerprint", seed, name).standard_normal(shape)
        for step in range(len(RATES)):
            numbers = stream("fingerprint", seed, name, step)
            size = np.where(numbers.uniform(size=shape) < 0.25, power_of_ten(numbers.uniform(-7, -2, shape)), 1.0)
            sign = np.where(numbers.uniform(size=shape) < 0.5, -1.0, 1.0)
            arrays[array_name(BATCH, step, name)] = sign * size * power_of_ten(numbers.uniform(-2, 0.9, shape))
    kept = {name: rounded(array, "float32").astype(dtype) for name, array in arrays.items()}
    return kept | {array_name(BATCH, step, RATE): np.asarray(rate) for step, rate in enumerate(RATES)}


def dropout_probe(rate: float = 0.3, shape: tuple[int, ...] = (61, 53)) -> Graph:
    """One native dropout layer; the loss Σ weights·y makes the input gradient mask·weights."""
    node = _node("dropout", "dropout", {"x": "x"}, {"rate": rate}, {}, shape)
    loss = _node("loss", "weighted_sum", {"x": "dropout", "weights": "weights"}, {}, {}, ())
    node = Node(**{**vars(node), "batched": True})
    return Graph(
        name="dropout_probe",
        inputs=(Input("x", shape),),
        nodes=(node,),
        outputs=("dropout",),
        parameters=(),
        training_inputs=(Input("weights", shape),),
        phases=(Phase("main", (loss,), "loss", {}),),
    )


def _node(
    name: str,
    op: str,
    inputs: Mapping[str, str | tuple[str, ...]],
    attributes: Mapping[str, Any],
    parameters: Mapping[str, str],
    shape: tuple[int, ...],
) -> Node:
    return Node(
        name=name, op=op, inputs=inputs, attributes=attributes, parameters=parameters, outputs={"": shape}, batched=False
    )
