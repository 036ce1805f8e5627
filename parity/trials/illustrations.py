"""Owns numbers that illustrate a spec, computed by the reference alone: an optimizer's path, an initializer's draws beside its
claim, the size of activations and gradients by depth.

It refuses to run a framework, and to judge: what is drawn here says what the definition does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.errors import UsageError
from parity.reference_impl import distributions
from parity.reference_impl.observation import observe
from parity.reference_impl.rules import Rule
from parity.reference_impl.training import FUNCTIONS
from parity.spec.cases import Sampling
from parity.spec.graph import Graph, Parameter
from parity.spec.specs import Initializer, Optimizer
from parity.trials import draws
from parity.trials.limits import check_case
from parity.trials.networks import masked
from parity.trials.streams import stream

Array = npt.NDArray[Any]
CURVATURES = (1.0, 20.0)
"""Of the illustrated function (x² + 20·y²)/2: a long valley, in which rules differ."""
BEGIN = (-2.0, 1.0)
RATE, STEPS, MOST_STEPS = 0.05, 60, 10_000
FANS = (64, 256)
"""fan_in and fan_out of the drawn matrix, which differ so that a rule that reads one shows which."""
BINS = 40
DRAWABLE = ("normal", "uniform", "truncated_normal")


@dataclass(frozen=True)
class Trajectory:
    """An optimizer's path down the valley. values: the function at each point; a path ends where it is no number."""

    name: str
    rate: float
    points: Sequence[tuple[float, float]]
    values: Sequence[float]


@dataclass(frozen=True)
class DrawnDistribution:
    """A histogram of one matrix's elements as a density, and the density that the spec claims, at the middles of the bins."""

    name: str
    middles: Sequence[float]
    drawn: Sequence[float]
    claimed: Sequence[float]
    standard_deviation: float
    claimed_deviation: float


@dataclass(frozen=True)
class DepthProfile:
    """Root mean square of each layer's output, and of the loss's gradient for it, in the order of the layers."""

    name: str
    layers: Sequence[str]
    activations: Sequence[float]
    gradients: Sequence[float]


def trajectory(spec: Optimizer, rate: float = RATE, steps: int = STEPS) -> Trajectory:
    """The path of a rule with its published hyper-parameters, and this learning rate where it has one."""
    if not 0 < rate < 1e6 or not 0 < steps <= MOST_STEPS:
        raise UsageError(f"a path has a rate above 0 and 1 to {MOST_STEPS:,} steps, not {rate:g} and {steps:,}")
    rule, values = Rule.of(spec), spec.default_values()
    known = {**values, "learning_rate": rate} if "learning_rate" in values else values
    curvatures, w = np.array(CURVATURES).reshape(2, 1), np.array(BEGIN).reshape(2, 1)
    state = rule.begin(["w"], lambda _, number: np.full((2, 1), number))["w"]
    points, heights = [BEGIN], [_height(w, curvatures)]
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            gradient = curvatures * w
            more = {"global_norm": float(np.sqrt(np.sum(gradient**2)))} if rule.uses_global_norm() else {}
            w = np.asarray(rule.step(w, gradient, state, {**known, "t": t, **more}, FUNCTIONS))
            if not np.all(np.abs(w) < 1e6):
                break
            points.append((float(w[0, 0]), float(w[1, 0])))
            heights.append(_height(w, curvatures))
    return Trajectory(spec.name, known.get("learning_rate", 0.0), points, heights)


def _height(w: Array, curvatures: Array) -> float:
    return float(np.sum(curvatures * w**2) / 2)


def distribution(spec: Initializer, fans: tuple[int, int] = FANS, seed: int = 0) -> DrawnDistribution:
    """One draw of a dense kernel beside its claim. Raises UsageError for an initializer without a claim of its elements."""
    if spec.distribution not in DRAWABLE:
        raise UsageError(f"{spec.name} is {spec.distribution}: it claims no distribution of its elements that could be drawn")
    fan_in, fan_out = fans
    if not all(1 <= fan <= 4096 for fan in fans):
        raise UsageError(f"fans lie between 1 and 4,096, not {fan_in} and {fan_out}")
    matrix = Parameter("kernel", (fan_out, fan_in), "kernel", fan_in, fan_out)
    sample = draws.sample(spec, matrix, stream(spec.name, "illustration", seed)).ravel()
    claim = distributions.claim(spec, spec.arguments, Sampling(matrix.shape, "kernel", fan_in, fan_out))
    edge = min(claim.edge, 4 * claim.standard_deviation) * 1.1
    edges = np.linspace(-edge, edge, BINS + 1)
    density, _ = np.histogram(sample, edges, density=False)
    width = edges[1] - edges[0]
    below = claim.below(edges)
    return DrawnDistribution(
        spec.name,
        [float(value) for value in (edges[1:] + edges[:-1]) / 2],
        [float(count) / (sample.size * width) for count in density],
        [float(share) / width for share in np.diff(below)],
        float(np.std(sample)),
        claim.standard_deviation,
    )


def by_depth(graph: Graph, spec: Initializer, batch_size: int = 8, seed: int = 0) -> DepthProfile:
    """One pass of a network that this initializer starts, biases 0 and scales 1, on inputs of the usual draws. Dropout keeps
    all. Layers in the order of the graph; those whose loss has no gradient for them are left out."""
    program, rates = masked(graph)
    check_case(program, batch_size, 1)
    drawn = draws.draw(program, spec, "float64", seed=seed, batch_size=batch_size, rates=rates)
    begun = draws.Draws(draws.initial_values(program, spec, "float64", seed=seed, batch_size=batch_size)).initial()
    batch = {name: np.ones_like(array) if name in rates else array for name, array in drawn.batch().items()}
    if not program.phases:
        raise UsageError(f"{graph.name} has no loss, so there are no gradients by depth")
    seen = observe(program, {**begun, **batch}, cotangents=True)
    names = [
        name
        for node in program.nodes
        for name in (node.value(suffix) for suffix in node.outputs)
        if name in seen.values and name in seen.cotangents
    ]
    return DepthProfile(spec.name, names, _sizes(seen.values, names), _sizes(seen.cotangents, names))


def _sizes(arrays: Mapping[str, Array], names: Sequence[str]) -> list[float]:
    return [float(np.sqrt(np.mean(np.square(np.asarray(arrays[name], dtype=np.float64))))) for name in names]
