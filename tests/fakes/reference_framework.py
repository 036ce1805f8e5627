"""A right framework: the reference itself behind the protocol, in the asked precision, with sums in an order of its own.

Fakes subclass `Realized` and depart in a few lines. It refuses to know what is expected of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from parity.execution.protocol import Array, Batch, Description, Observation, Unsupported
from parity.reference_impl.curvature import product
from parity.reference_impl.distributions import claim
from parity.reference_impl.observation import Reference, cast, observe
from parity.reference_impl.precision import COMPUTED
from parity.reference_impl.rules import Rule, State
from parity.reference_impl.training import FUNCTIONS
from parity.spec.cases import Case
from parity.spec.graph import Graph
from parity.spec.specs import Initializer, Optimizer, load

ORDER = 7919
"""Seed of the order of every sum; the judgement's shadows use small numbers."""


class Realized:
    """A case, walked. Fakes override the methods in the first half."""

    def __init__(self, case: Case) -> None:
        self.case, self.dtype = case, COMPUTED[case.dtype]
        if case.graph is None:
            raise Unsupported("a case without a graph")
        self.graph = self.built(case.graph)
        self.held: dict[str, Array] = {}
        self.t = 0
        self.loss: Array | None = None
        self.rule: Rule | None = None
        if case.optimizer != "none":
            self.rule = self.chosen_rule(case.optimizer)
        self.states: dict[int, State] = {}

    def built(self, graph: Graph) -> Graph:
        return graph

    def chosen_rule(self, name: str) -> Rule:
        spec = load(f"optimizers/{name}")
        assert isinstance(spec, Optimizer)
        return Rule.of(spec)

    def hyperparameters(self) -> dict[str, float]:
        return dict(self.case.hyperparameters)

    def given(self, batch: Batch) -> dict[str, Array]:
        """What the walk reads."""
        return {**self.held, **batch}

    def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
        found = observe(self.graph, values, self.case.dtype, ORDER, training=training, phase=phase)
        self.loss = found.loss
        return found

    def shown(self, seen: Observation) -> Observation:
        """What leaves the framework."""
        return seen

    def advance(self, batch: Batch) -> None:
        """One step: every phase in order, each with its own optimizer."""
        self.t += 1
        for phase in range(len(self.graph.phases)):
            self.phase(batch, phase)

    def phase(self, batch: Batch, phase: int) -> None:
        """One phase of a step."""
        seen = self.walked(self.given(batch), True, phase)
        self.update(seen, phase)
        self.held |= {name: np.asarray(array) for name, array in seen.state.items()}

    def update(self, seen: Reference, phase: int) -> None:
        """What the optimizer of a phase does to the parameters of that phase."""
        assert self.rule is not None
        factors = self.graph.phases[phase].updates
        blank = self.rule.begin(list(factors), lambda name, number: np.full_like(self.held[name], number))
        state = self.states.setdefault(phase, blank)
        known: dict[str, Any] = {"t": self.t, **self.hyperparameters()}
        if self.rule.uses_global_norm():
            known["global_norm"] = np.sqrt(sum(np.sum(np.square(seen.gradients[name])) for name in factors))
        for name, factor in factors.items():
            rates = {**known, "learning_rate": known["learning_rate"] * factor}
            after = self.rule.step(self.held[name], seen.gradients[name], state[name], rates, FUNCTIONS)
            self.held[name] = np.asarray(after, dtype=self.dtype)

    # The protocol.

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        self.held |= cast({name: np.array(array) for name, array in values.items()}, self.dtype)

    def parameters(self) -> dict[str, Array]:
        return {name: np.array(array) for name, array in self.held.items()}

    def place(self, batch: Batch) -> Batch:
        return cast(batch, self.dtype)

    def forward(self, batch: Batch, training: bool) -> Observation:
        return self.shown(Observation(values=self._layers(self.walked(self.given(batch), training))))

    def gradients(self, batch: Batch, phase: int = 0) -> Observation:
        seen = self.walked(self.given(batch), True, phase)
        return self.shown(
            Observation(self._layers(seen), seen.loss, dict(seen.gradients), dict(seen.input_gradients), dict(seen.state))
        )

    def hessian_vector_product(self, batch: Batch, direction: Mapping[str, Array]) -> dict[str, Array]:
        return dict(product(self.graph, self.given(batch), direction, self.case.dtype, ORDER))

    def step(self, batch: Batch) -> float:
        self.advance(batch)
        return float(self.loss) if self.loss is not None else 0.0

    def synchronize(self) -> None:
        return None

    def _layers(self, seen: Reference) -> dict[str, Array]:
        names = [node.value(suffix) for node in self.graph.nodes for suffix in node.outputs]
        kept = names if self.case.activations else self.graph.outputs
        return {name: seen.values[name] for name in names if name in kept and name in seen.values}


class Implementation:
    """The right framework. `Realized` is what a fake replaces."""

    name = "reference"
    realized: ClassVar[type[Realized]] = Realized

    def describe(self) -> Description:
        versions = {"numpy": np.__version__}
        dtypes = ("float64", "float32", "float16", "bfloat16")
        return Description(self.name, "1", versions, ("cpu",), ("eager",), "eager", dtypes)

    def realize(self, case: Case) -> Realized:
        return self.realized(case)

    def sample(self, case: Case) -> Array:
        """The claimed distribution, drawn by NumPy."""
        spec = load(f"initializers/{case.initializer}")
        assert isinstance(spec, Initializer) and case.sampling is not None
        numbers = np.random.RandomState(self.seed(case))
        claimed = claim(spec, case.arguments, self.asked(case).sampling or case.sampling)
        return self.drawn(claimed.kind, claimed.scale, case.sampling.shape, numbers).astype(COMPUTED[case.dtype])

    def seed(self, case: Case) -> int:
        return case.seed

    def asked(self, case: Case) -> Case:
        return replace(case)

    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> Array:
        if kind == "constant":
            return np.full(shape, scale)
        if kind == "identity":
            return scale * np.eye(*shape)
        if kind == "uniform":
            return numbers.uniform(-scale, scale, shape)
        if kind == "normal":
            return scale * numbers.standard_normal(shape)
        if kind == "truncated_normal":
            drawn = numbers.standard_normal((12, *shape))
            first = np.argmax(np.abs(drawn) <= 2, axis=0)
            return scale * np.take_along_axis(drawn, first[None], axis=0)[0]
        rows, columns = shape[0], int(np.prod(shape[1:]))
        q, r = np.linalg.qr(numbers.standard_normal((max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))
        return scale * (q if rows >= columns else q.T).reshape(shape)
