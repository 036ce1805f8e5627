"""Frameworks that have the right rule and apply it wrongly from step to step: state, clock, gradients and weights of before.

tests/trials/test_lock_steps.py runs them. None departs in one step alone; how many steps show it is the question there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from reference_framework import Implementation, Realized

from parity.execution.protocol import Array, Batch
from parity.reference_impl.observation import Reference


class ForgetsState(Implementation):
    """A new optimizer for every step, whose clock goes on."""

    class realized(Realized):
        def advance(self, batch: Batch) -> None:
            self.states.clear()
            super().advance(batch)


class StopsTheClock(Implementation):
    """The state is kept, and the bias correction stays that of the first step."""

    class realized(Realized):
        def advance(self, batch: Batch) -> None:
            self.t = 0
            super().advance(batch)


class CountsTwice(Implementation):
    """The clock goes on once for the gradients and once for the update, from the second step on."""

    class realized(Realized):
        def advance(self, batch: Batch) -> None:
            self.t += self.t > 0
            super().advance(batch)


class CountsLate(Implementation):
    """The clock misses the third step."""

    class realized(Realized):
        steps = 0

        def advance(self, batch: Batch) -> None:
            self.steps += 1
            self.t -= self.steps == 3
            super().advance(batch)


class _Gradients(Realized):
    """Sees the gradients before the update."""

    steps = 0
    before: Mapping[str, Array] | None = None

    def changed(self, gradients: Mapping[str, Array]) -> dict[str, Array]:
        return dict(gradients)

    def update(self, seen: Reference, phase: int) -> None:
        self.steps += 1
        own = {name: np.array(array) for name, array in seen.gradients.items()}
        super().update(replace(seen, gradients=self.changed(own)), phase)
        self.before = own


class KeepsGradients(Implementation):
    """Gradients add up, since nobody sets them to zero."""

    class realized(_Gradients):
        total: dict[str, Any] | None = None

        def changed(self, gradients: Mapping[str, Array]) -> dict[str, Array]:
            before = self.total or dict.fromkeys(gradients, 0.0)
            self.total = {name: array + before[name] for name, array in gradients.items()}
            return dict(self.total)


class KeepsOneGradient(Implementation):
    """As above, for one parameter alone, by a thousandth."""

    class realized(_Gradients):
        def changed(self, gradients: Mapping[str, Array]) -> dict[str, Array]:
            if self.before is None:
                return dict(gradients)
            return {**gradients, "hidden.bias": gradients["hidden.bias"] + 2.0**-10 * self.before["hidden.bias"]}


class LateGradients(Implementation):
    """Each step takes the gradients of the one before."""

    class realized(_Gradients):
        def changed(self, gradients: Mapping[str, Array]) -> dict[str, Array]:
            return dict(gradients if self.before is None else self.before)


class ClipsLater(Implementation):
    """From the third step on gradients are cut off."""

    class realized(_Gradients):
        def changed(self, gradients: Mapping[str, Array]) -> dict[str, Array]:
            top = {name: 0.5 * np.max(np.abs(array)) for name, array in gradients.items()}
            return {
                name: np.clip(array, -top[name], top[name]) if self.steps > 2 else array for name, array in gradients.items()
            }


class EveryOther(Implementation):
    """Two steps' gradients for one update."""

    class realized(Realized):
        steps = 0

        def update(self, seen: Reference, phase: int) -> None:
            self.steps += 1
            if self.steps % 2:
                super().update(seen, phase)


class SharesState(Implementation):
    """Parameters of one shape have one state from the second step on."""

    class realized(Realized):
        def update(self, seen: Reference, phase: int) -> None:
            super().update(seen, phase)
            state, known = self.states[phase], {}
            for name in self.graph.phases[phase].updates:
                state[name] = known.setdefault(self.held[name].shape, state[name])


class ExchangesState(Implementation):
    """After the second step the states of two parameters of one shape are exchanged."""

    class realized(Realized):
        def update(self, seen: Reference, phase: int) -> None:
            super().update(seen, phase)
            if self.t == 2:
                state = self.states[phase]
                state["hidden.bias"], state["square.bias"] = state["square.bias"], state["hidden.bias"]


class KeepsWeights(Implementation):
    """The optimizer goes on from weights of its own, as with a master copy, and not from those it is given."""

    class realized(Realized):
        own: Mapping[str, Array] | None = None

        def update(self, seen: Reference, phase: int) -> None:
            names = self.graph.phases[phase].updates
            self.held |= {name: self.own[name] for name in names} if self.own else {}
            super().update(seen, phase)
            self.own = {name: np.array(self.held[name]) for name in names}


class DecaysTheRate(Implementation):
    """The learning rate falls by a hundredth a step."""

    class realized(Realized):
        def hyperparameters(self) -> dict[str, float]:
            given = super().hyperparameters()
            return {**given, "learning_rate": given["learning_rate"] * 0.99 ** max(0, self.t - 1)}


class StateInOtherPrecision(Implementation):
    """Between two steps the state is kept with eleven bits."""

    class realized(Realized):
        def update(self, seen: Reference, phase: int) -> None:
            super().update(seen, phase)
            for held in self.states[phase].values():
                for name, array in held.items():
                    held[name] = np.asarray(array).astype(np.float16).astype(self.dtype)
