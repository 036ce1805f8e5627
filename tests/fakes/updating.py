"""Frameworks whose gradients are right and whose update is not.

tests/judgement/test_fakes.py runs them and holds the verdict that each must get.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from reference_framework import Implementation, Realized

from parity.execution.protocol import Array, Batch
from parity.formulas.formula import Formula
from parity.reference_impl.observation import Reference
from parity.reference_impl.rules import Rule


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
