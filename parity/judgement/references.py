"""Owns the reference of a pass in float64, and its shadows in the tested precision. A record is compared with both.

It refuses to draw: the values are given. Each shadow has its own order of every sum. Every other shadow also starts from values
that are each moved to a neighbouring number, which is the effect of rounding the first operation differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement import budgets
from parity.judgement.budgets import Spread
from parity.reference_impl import error_bounds
from parity.reference_impl.observation import Reference, observe
from parity.spec.graph import Graph

Array = npt.NDArray[Any]

SPREAD = ("values", "loss", "gradients", "input_gradients", "state")
"""Fields of Reference that are judged by shadows."""

PIECE = 1 << 18
"""How many numbers are held in wide precision at once."""


@dataclass(frozen=True)
class Pass:
    """One pass of the reference, and how far its shadows lie from it. `kind` below is the name of a field of Reference.

    states: the running statistics after each shadow, with which its next phase starts.
    """

    reference: Reference
    spreads: Mapping[str, Mapping[str, Spread]]
    states: tuple[Mapping[str, Array], ...]

    def names(self, kind: str) -> list[str]:
        return list(getattr(self.reference, kind))

    def array(self, kind: str, name: str) -> Array:
        return np.asarray(getattr(self.reference, kind)[name])

    def beside(self, kind: str, name: str) -> Spread:
        """How far the shadows of this array lie from the reference."""
        return self.spreads[kind][name]

    def budget(self, kind: str, name: str, u: float) -> budgets.Budget:
        return budgets.shadowed(self.array(kind, name), self.beside(kind, name), u)

    def moved(self, further: Mapping[str, Mapping[str, Spread]]) -> Pass:
        """The same pass, with more room for some tensors than the shadows show. further: kind and name -> how much more."""
        spreads = dict(self.spreads)
        for kind, more in further.items():
            spreads[kind] = {name: spread + more.get(name, Spread()) for name, spread in spreads[kind].items()}
        return replace(self, spreads=spreads)

    def loss(self) -> tuple[Array | None, Spread]:
        """The loss, and how far the shadows' losses lie from it."""
        return (None if self.reference.loss is None else np.asarray(self.reference.loss)), self.spreads["loss"].get(
            "loss", Spread()
        )


@dataclass(frozen=True)
class References:
    """The references of one batch: a pass in training mode and a pass in evaluation mode, from the same values. branches: those
    that `references` or `following` was given."""

    graph: Graph
    values: Mapping[str, Array]
    dtype: str
    training: Pass
    evaluation: Pass
    branches: Mapping[str, Any] | None = None

    @property
    def u(self) -> float:
        return budgets.roundoff(self.dtype)

    @property
    def shadows(self) -> int:
        """How many shadows there are."""
        return len(self.training.states)

    def widened(self, shadows: int) -> References:
        """The same with this many shadows in all; shadows that were walked before are kept."""
        if self.shadows >= shadows:
            return self

        def wider(begun: Pass, training: bool, branches: Mapping[str, Any] | None) -> Pass:
            graphs = self.graph, self.values, self.dtype
            return one_pass(*graphs, training=training, shadows=shadows, branches=branches, begun=begun)

        training = wider(self.training, True, self.branches)
        evaluation = training if self.evaluation is self.training else wider(self.evaluation, False, None)
        return replace(self, training=training, evaluation=evaluation)

    def following(self, branches: Mapping[str, Any]) -> References:
        """The same on the branches that a framework took. The branches were seen in training. Evaluation has other values, so
        it does not follow them: it has no gradient that a branch could move, and its values are continuous at the kinks.

        The spreads of the shadows are kept: how far rounding moves a tensor depends on its sums, not on the side that a few
        units near a kink took. To walk all shadows of a large network again for each framework would take hours.
        """
        training = one_pass(self.graph, self.values, self.dtype, training=True, shadows=0, branches=branches)
        training = replace(training, spreads=self.training.spreads, states=self.training.states)
        evaluation = training if self.evaluation is self.training else self.evaluation
        return replace(self, training=training, evaluation=evaluation, branches=branches)

    @property
    def reference(self) -> Reference:
        """The reference of the training pass."""
        return self.training.reference

    def value(self, name: str) -> Array:
        """Any value of the training pass, or an array that the batch brought."""
        return np.asarray(self.reference.values[name] if name in self.reference.values else self.values[name])

    def cotangent(self, name: str) -> Array:
        """The gradient of the loss with respect to a float value."""
        return np.asarray(self.reference.cotangents[name])


def references(
    graph: Graph,
    values: Mapping[str, Array],
    dtype: str,
    *,
    shadows: int = budgets.STAGES[0],
    branches: Mapping[str, Any] | None = None,
    cotangents: bool = False,
) -> References:
    """Reference and shadows of both modes. branches: see `following`. cotangents: keep the gradients of inner values, so that
    nodes can be judged alone."""
    training = one_pass(graph, values, dtype, training=True, shadows=shadows, branches=branches, cotangents=cotangents)
    evaluation = training
    if _depends_on_mode(graph):
        evaluation = one_pass(graph, values, dtype, training=False, shadows=shadows)
    return References(graph, values, dtype, training, evaluation, branches)


def _depends_on_mode(graph: Graph) -> bool:
    """Whether training differs from evaluation: running statistics, dropout. Otherwise one pass serves both."""
    return any(node.statistics or node.body or "mask" in node.inputs or node.op == "dropout" for node in graph.nodes)


def one_pass(
    graph: Graph,
    values: Mapping[str, Array],
    dtype: str,
    *,
    training: bool,
    shadows: int,
    branches: Mapping[str, Any] | None = None,
    phase: int = 0,
    after: Pass | None = None,
    begun: Pass | None = None,
    cotangents: bool = False,
) -> Pass:
    """A pass in one mode: the reference in float64, and `shadows` shadows in the tested precision.

    branches: see reference_impl.observation.observe. after: the pass of the phase before this one in the same step; the
    reference and each shadow continue with the statistics that their own pass left there. begun: the same pass with fewer
    shadows, which are kept. cotangents: whether the reference keeps the gradients of inner values.

    Shadows take the reference's branches, so that a flip at a kink never counts as rounding: the margins (kinks) decide whether
    a unit may flip. For the same reason, two equal numbers in a pooling window are not torn apart when values are moved.
    """
    if begun is None:
        start = started(graph, values, after)
        options: dict[str, Any] = {"phase": phase, "branches": branches, "cotangents": cotangents}
        walked = observe(graph, start, "float64", training=training, **options)
        begun = Pass(walked, _joined(walked, walked), ())
    reference, spreads, states = begun.reference, begun.spreads, list(begun.states)
    for seed in range(len(states), shadows):
        inputs = moved(values, dtype, seed) if seed % 2 else values
        inputs = {**inputs, **after.states[seed]} if after else inputs
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            shadow = observe(graph, inputs, dtype, seed, training=training, phase=phase, branches=reference.branches)
            spreads = _joined(reference, shadow, spreads)
        states.append(_statistics(graph, shadow))
    return Pass(reference, spreads, tuple(states))


def started(graph: Graph, values: Mapping[str, Array], after: Pass | None) -> Mapping[str, Array]:
    """The values from which the pass of a phase starts: with the statistics that the phase before it left."""
    return {**values, **_statistics(graph, after.reference)} if after else values


def _statistics(graph: Graph, reference: Reference) -> Mapping[str, Array]:
    kept = {statistic.name for statistic in graph.statistics}
    return {name: array for name, array in reference.state.items() if name in kept}


def _joined(
    reference: Reference, shadow: Reference, before: Mapping[str, Mapping[str, Spread]] | None = None
) -> Mapping[str, Mapping[str, Spread]]:
    """The spreads with one more shadow. The first call takes the reference itself as a shadow without error."""
    spreads: dict[str, dict[str, Spread]] = {}
    for kind in SPREAD:
        ours, theirs = _arrays(reference, kind), _arrays(shadow, kind)
        spreads[kind] = {name: budgets.spread(array, [theirs[name]]) for name, array in ours.items()}
        if before:
            spreads[kind] = {name: before[kind][name].joined(spread) for name, spread in spreads[kind].items()}
    return spreads


def _arrays(reference: Reference, kind: str) -> dict[str, Array]:
    held = {"loss": reference.loss} if kind == "loss" else getattr(reference, kind)
    return {name: np.asarray(array) for name, array in held.items() if array is not None}


def moved(values: Mapping[str, Array], dtype: str, seed: int) -> dict[str, Array]:
    """Every float moved by u, up or down by chance: to a neighbour in the tested precision. Zeros stay."""
    numbers, wide = np.random.RandomState(seed), error_bounds.wide(budgets.roundoff(dtype))
    arrays = {}
    for name, array in values.items():
        if array.dtype.kind != "f":
            arrays[name] = array
            continue
        arrays[name] = np.empty(array.shape, np.float64)
        flat, taken = array.reshape(-1), arrays[name].reshape(-1)
        for first in range(0, array.size, PIECE):
            piece = slice(first, first + PIECE)
            sign = np.where(numbers.uniform(size=flat[piece].shape) < 0.5, -1, 1)
            taken[piece] = flat[piece].astype(wide) * (1 + wide(budgets.roundoff(dtype)) * sign)
    return arrays
