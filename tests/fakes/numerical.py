"""Frameworks built to compute something else: each departs from the right one in a few lines.

tests/judgement/test_fakes.py runs them and holds the verdict that each must get. Those that are wrong in their precision, their update or
their phases are in lowered.py, updating.py and alternating.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from reference_framework import Implementation, Realized

from parity.execution.protocol import Array, Batch, Observation
from parity.reference_impl.observation import Reference
from parity.spec.graph import Graph, Node


def _attributes(graph: Graph, op: str, **changes: Any) -> Graph:
    """The graph with other attributes in every node of an op."""

    def changed(node: Node) -> Node:
        return replace(node, attributes={**node.attributes, **changes}) if node.op == op else node

    phases = tuple(replace(phase, nodes=tuple(map(changed, phase.nodes))) for phase in graph.phases)
    return replace(graph, nodes=tuple(map(changed, graph.nodes)), phases=phases)


class Right(Implementation):
    """Nothing is wrong with it."""


class StaleParameters(Implementation):
    """Parameters can be set once only."""

    class realized(Realized):
        def set_parameters(self, values: Mapping[str, Array]) -> None:
            if not self.held:
                super().set_parameters(values)


class StaleBatch(Implementation):
    """A compiled program that holds on to the first batch."""

    class realized(Realized):
        first: Batch | None = None

        def place(self, batch: Batch) -> Batch:
            self.first = self.first or super().place(batch)
            return self.first


class SwappedAxes(Implementation):
    """Height and width of images exchanged."""

    class realized(Realized):
        def given(self, batch: Batch) -> dict[str, Array]:
            images = {name: np.swapaxes(array, 2, 3) for name, array in batch.items() if array.ndim == 4}
            return {**super().given(batch), **images}


class TransposedKernel(Implementation):
    """A square dense kernel the wrong way round."""

    class realized(Realized):
        def given(self, batch: Batch) -> dict[str, Array]:
            return {**super().given(batch), "square.kernel": self.held["square.kernel"].T}


class FlippedKernel(Implementation):
    """Convolution in the sense of mathematics, where the spec means cross-correlation."""

    class realized(Realized):
        def given(self, batch: Batch) -> dict[str, Array]:
            return {**super().given(batch), "conv.kernel": self.held["conv.kernel"][:, :, ::-1, ::-1]}


class BiasedVariance(Implementation):
    """Keeps the other kind of running variance."""

    class realized(Realized):
        def built(self, graph: Graph) -> Graph:
            return _attributes(graph, "batch_norm", running_variance="unbiased")


class OtherMomentum(Implementation):
    """Momentum as the share of the batch, where the spec means the share that is kept."""

    class realized(Realized):
        def built(self, graph: Graph) -> Graph:
            return _attributes(graph, "batch_norm", momentum=0.1)


class TrainsWhileEvaluating(Implementation):
    """Batch statistics in evaluation mode."""

    class realized(Realized):
        def forward(self, batch: Batch, training: bool) -> Observation:
            return super().forward(batch, True)


class WrongGateOrder(Implementation):
    """Cell and output gates exchanged."""

    class realized(Realized):
        def given(self, batch: Batch) -> dict[str, Array]:
            gates = {name: array for name, array in self.held.items() if name.startswith("lstm.")}
            swapped = {}
            for name, array in gates.items():
                first, forget, cell, output = np.split(array, 4)
                swapped[name] = np.concatenate([first, forget, output, cell])
            return {**super().given(batch), **swapped}


class IgnoresLengths(Implementation):
    """Claims to support lengths, and runs every sequence to its end."""

    class realized(Realized):
        def given(self, batch: Batch) -> dict[str, Array]:
            return {**super().given(batch), "length": np.full_like(batch["length"], 5)}


class SumsTheLoss(Implementation):
    class realized(Realized):
        def shown(self, seen: Observation) -> Observation:
            return seen if seen.loss is None else replace(seen, loss=seen.loss * 3)


class NoSmoothing(Implementation):
    class realized(Realized):
        def built(self, graph: Graph) -> Graph:
            return _attributes(graph, "softmax_cross_entropy", smoothing=0.0)


class IgnoresMask(Implementation):
    """Dropout without dropping."""

    class realized(Realized):
        def given(self, batch: Batch) -> dict[str, Array]:
            return {**super().given(batch), "dropout.mask": np.ones_like(batch["dropout.mask"])}


class Nondeterministic(Implementation):
    """Gradients with noise."""

    numbers: ClassVar[np.random.RandomState] = np.random.RandomState(0)

    class realized(Realized):
        def shown(self, seen: Observation) -> Observation:
            noise = 1 + 1e-2 * Nondeterministic.numbers.standard_normal()
            return replace(seen, gradients={name: array * array.dtype.type(noise) for name, array in seen.gradients.items()})


class ChangesState(Implementation):
    """`gradients` moves the running statistics."""

    class realized(Realized):
        def gradients(self, batch: Batch, phase: int = 0) -> Observation:
            seen = super().gradients(batch, phase)
            self.held |= {name: np.array(array) for name, array in seen.state.items()}
            return seen


class ReturnsNothing(Implementation):
    class realized(Realized):
        def shown(self, seen: Observation) -> Observation:
            return Observation()


class ReturnsZeros(Implementation):
    class realized(Realized):
        def shown(self, seen: Observation) -> Observation:
            return _each(seen, np.zeros_like)


class ReturnsNan(Implementation):
    class realized(Realized):
        def shown(self, seen: Observation) -> Observation:
            return _each(seen, lambda array: np.full_like(array, np.nan))


class OneNan(Implementation):
    """A single NaN in a single gradient."""

    class realized(Realized):
        def shown(self, seen: Observation) -> Observation:
            gradients = {name: np.array(array) for name, array in seen.gradients.items()}
            for array in list(gradients.values())[:1]:
                array.reshape(-1)[-1] = np.nan
            return replace(seen, gradients=gradients)


class AnotherSeed(Implementation):
    """Parameters of its own."""

    class realized(Realized):
        def given(self, batch: Batch) -> dict[str, Array]:
            held = super().given(batch)
            kernels = {name: array[::-1] for name, array in held.items() if name.endswith("kernel")}
            return {**held, **kernels}


class FewerValues(Implementation):
    """Claims activations, and shows the outputs only."""

    class realized(Realized):
        def shown(self, seen: Observation) -> Observation:
            return replace(seen, values={name: seen.values[name] for name in self.graph.outputs if name in seen.values})


class TransposedGradient(Implementation):
    class realized(Realized):
        def shown(self, seen: Observation) -> Observation:
            return replace(seen, gradients={name: array.T for name, array in seen.gradients.items()})


class OtherNames(Implementation):
    """A native name beside the spec's."""

    class realized(Realized):
        def shown(self, seen: Observation) -> Observation:
            return replace(seen, gradients={**seen.gradients, "weight_1": np.ones(3)})


class NegatedGradient(Implementation):
    """Gradients of the wrong sign, and steps to match: only the gradient is to blame."""

    class realized(Realized):
        def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
            seen = super().walked(values, training, phase)
            return replace(seen, gradients={name: -array for name, array in seen.gradients.items()})


class ForgetsSharing(Implementation):
    """The gradient of a shared bias is that of its last use, where the parts of all uses add up (here: to zero)."""

    class realized(Realized):
        def built(self, graph: Graph) -> Graph:
            def parted(node: Node) -> Node:
                return replace(node, parameters={**node.parameters, "bias": "alone"}) if node.name == "left_code.code" else node

            bias = next(one for one in graph.parameters if one.name == "tower.code.bias")
            parameters = (*graph.parameters, replace(bias, name="alone"))
            return replace(graph, nodes=tuple(map(parted, graph.nodes)), parameters=parameters)

        def given(self, batch: Batch) -> dict[str, Array]:
            return {**super().given(batch), "alone": self.held["tower.code.bias"]}


class OneTokenLate(Implementation):
    """In evaluation mode, the logits of the step before."""

    class realized(Realized):
        def forward(self, batch: Batch, training: bool) -> Observation:
            seen = super().forward(batch, training)
            return replace(seen, values={**seen.values, "logits": np.roll(seen.values["logits"], 1, axis=1)})


def _each(seen: Observation, change: Any) -> Observation:
    kinds = ("values", "gradients", "input_gradients", "state")
    changed = {kind: {name: change(array) for name, array in getattr(seen, kind).items()} for kind in kinds}
    return replace(seen, **changed, loss=None if seen.loss is None else change(np.asarray(seen.loss)))
