"""Frameworks built to compute something else: each departs from the right one in a few lines, and names its verdict.

They are loaded by a worker as `numerical:NAME`, and by tests/test_fakes.py, which holds the verdict that each must get.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch

import numpy as np
from reference_framework import Implementation, Realized

from parity.execution.protocol import Array, Batch, Observation
from parity.ops import TABLE
from parity.reference_impl.observation import Reference, observe
from parity.reference_impl.rules import Rule
from parity.spec.cases import Case
from parity.spec.formulas import Formula
from parity.spec.graph import Graph, Node


def _attributes(graph: Graph, op: str, **changes: Any) -> Graph:
    """The graph with other attributes in every node of an op."""

    def changed(node: Node) -> Node:
        return replace(node, attributes={**node.attributes, **changes}) if node.op == op else node

    phases = tuple(replace(phase, nodes=tuple(map(changed, phase.nodes))) for phase in graph.phases)
    return replace(graph, nodes=tuple(map(changed, graph.nodes)), phases=phases)


class Right(Implementation):
    """Nothing is wrong with it."""


class OneStepLate(Implementation):
    """The bias correction counts from 0."""

    class realized(Realized):
        def advance(self, batch: Batch) -> None:
            self.t += self.t == 0
            super().advance(batch)


class WrongEpsilon(Implementation):
    class realized(Realized):
        def hyperparameters(self) -> dict[str, float]:
            return {**super().hyperparameters(), "epsilon": 1e-3}


class EpsilonInside(Implementation):
    """Epsilon before the bias correction, where the spec has it after."""

    class realized(Realized):
        def chosen_rule(self, name: str) -> Rule:
            return super().chosen_rule("adam_epsilon_inside" if name == "adam" else name)


class CoupledDecay(Implementation):
    """Weight decay as a penalty on the gradient."""

    class realized(Realized):
        def chosen_rule(self, name: str) -> Rule:
            adam = super().chosen_rule("adam")
            return replace(adam, gradient={"g": Formula("g + weight_decay*w")})


class NormOfEach(Implementation):
    """Clips each gradient by its own norm."""

    class realized(Realized):
        stepping = False

        def chosen_rule(self, name: str) -> Rule:
            return super().chosen_rule("sgd")

        def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
            seen = super().walked(values, training, phase)
            limit = self.case.hyperparameters["threshold"] if self.stepping else np.inf
            norms = {name: float(np.sqrt(np.sum(array**2))) for name, array in seen.gradients.items()}
            return replace(
                seen, gradients={name: array * min(1, limit / norms[name]) for name, array in seen.gradients.items()}
            )

        def advance(self, batch: Batch) -> None:
            self.stepping = True
            super().advance(batch)
            self.stepping = False


class TrainsFrozen(Implementation):
    """Updates what the phase leaves out."""

    class realized(Realized):
        def advance(self, batch: Batch) -> None:
            super().advance(batch)
            self.held["norm.scale"] = self.held["norm.scale"] * (1 + 2.0**-10)


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


class HalfInside(Implementation):
    """float16 at every op's boundary."""

    class realized(Realized):
        def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
            return observe(self.graph, values, "float16", 7919, training=training, phase=phase)


class Float32Inside(Implementation):
    """float32 throughout, handed over as float64."""

    class realized(Realized):
        def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
            return observe(self.graph, values, "float32", 7919, training=training, phase=phase)

        def shown(self, seen: Observation) -> Observation:
            wide = {
                kind: {name: np.asarray(array, np.float64) for name, array in getattr(seen, kind).items()}
                for kind in ("values", "gradients", "input_gradients", "state")
            }
            return replace(seen, **wide, loss=None if seen.loss is None else np.asarray(seen.loss, np.float64))


def _narrow(array: Any) -> Any:
    """Rounded to float32, held as it was."""
    floats = isinstance(array, np.ndarray) and array.dtype == np.float64
    return array.astype(np.float32).astype(np.float64) if floats else array


class Narrowed(Realized):
    """One op takes and gives float32, in a float64 run: forward, or only backward."""

    def __init__(self, case: Case, op: str, backward: bool) -> None:
        super().__init__(case)
        self.op, self.backward = op, backward

    def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
        right = TABLE[self.op]

        def forward(run: Any, *given: Any, **more: Any) -> Any:
            outputs, saved = right.forward(run, *map(_narrow, given), **{key: _narrow(one) for key, one in more.items()})
            return _narrow(outputs), saved

        def vjp(run: Any, saved: Any, dy: Any) -> Any:
            return {role: _narrow(gradient) for role, gradient in right.vjp(run, saved, dy).items()}

        narrowed = {"vjp": vjp} if self.backward else {"forward": forward}
        with patch.dict(TABLE, {self.op: SimpleNamespace(**{**vars(right), **narrowed})}):
            return super().walked(values, training, phase)


class ConvolutionInFloat32(Implementation):
    """The first of many layers."""

    op, backward = "conv2d", False

    def realize(self, case: Case) -> Realized:
        return Narrowed(case, self.op, self.backward)


class TanhInFloat32(ConvolutionInFloat32):
    """One of the last layers: most of what is compared forward is right."""

    op = "tanh"


class LossInFloat32(ConvolutionInFloat32):
    op = "softmax_cross_entropy"


class TanhBackwardInFloat32(ConvolutionInFloat32):
    op, backward = "tanh", True


class Float32Optimizer(Implementation):
    """Gradients in float64, the optimizer's arithmetic in float32 (as MXNet keeps hyper-parameters and states)."""

    class realized(Realized):
        def advance(self, batch: Batch) -> None:
            before = dict(self.held)
            self.dtype = "float32"
            super().advance(batch)
            self.dtype = "float64"
            for name, array in before.items():
                change = self.held[name].astype(np.float64) - array
                self.held[name] = array + change.astype(np.float32)


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


class TouchesTheOther(Implementation):
    """The generator's optimizer holds a parameter of the discriminator too."""

    class realized(Realized):
        def update(self, seen: Reference, phase: int) -> None:
            super().update(seen, phase)
            if "generator.hidden.kernel" in self.graph.phases[phase].updates:
                self.held["discriminator.score.bias"] = self.held["discriminator.score.bias"] + self.dtype_of(2.0**-12)

        def dtype_of(self, number: float) -> Any:
            return np.dtype(self.dtype).type(number)


class OldDiscriminator(Implementation):
    """The generator's phase sees the discriminator as it was before the step."""

    class realized(Realized):
        def advance(self, batch: Batch) -> None:
            self.before = dict(self.held)
            super().advance(batch)

        def phase(self, batch: Batch, phase: int) -> None:
            seen = self.walked({**self.before, **batch}, True, phase)
            self.update(seen, phase)
            moved = self.walked(self.given(batch), True, phase).state
            self.held |= {name: np.asarray(array) for name, array in moved.items()}


class OneClock(Implementation):
    """Both optimizers count the same steps, so that each counts twice as many."""

    class realized(Realized):
        def update(self, seen: Reference, phase: int) -> None:
            self.t += bool(phase)
            super().update(seen, phase)


class StatisticsOnce(Implementation):
    """Running statistics move in the first phase only."""

    class realized(Realized):
        def phase(self, batch: Batch, phase: int) -> None:
            kept = {one.name: self.held[one.name] for one in self.graph.statistics}
            super().phase(batch, phase)
            self.held |= kept if phase else {}


class StopsAfterOne(Implementation):
    """Leaves the second phase out."""

    class realized(Realized):
        def phase(self, batch: Batch, phase: int) -> None:
            if not phase:
                super().phase(batch, phase)


class ForgetsThePhase(Implementation):
    """`gradients` shows those of the first phase, whichever is asked for."""

    class realized(Realized):
        def gradients(self, batch: Batch, phase: int = 0) -> Observation:
            seen = super().gradients(batch, phase)
            first = super().gradients(batch, 0)
            return replace(seen, loss=first.loss)


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
