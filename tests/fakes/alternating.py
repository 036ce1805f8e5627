"""Frameworks that are wrong where training alternates: in which phase what moves, and what it sees.

tests/judgement/test_fakes.py runs them and holds the verdict that each must get.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from reference_framework import Implementation, Realized

from parity.execution.protocol import Batch, Observation
from parity.reference_impl.observation import Reference


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
