"""Owns the retracing of steps that somebody else took: what a rule would have done from the weights seen before each step.

It refuses to judge. Updates carry their rounding errors, as in `rules.replay`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.reference_impl import error_bounds, matrices
from parity.reference_impl.error_bounds import Bounded
from parity.reference_impl.rules import Expected, Rule, expected_of

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Singles(Rule):
    """A rule that keeps the states named in `kept` in float32, whatever the precision of the rest. Only `retrace` uses it."""

    kept: tuple[str, ...] = ()

    def held(self, name: str, value: Any) -> Any:
        return single(value) if name in self.kept else value


def single(number: Bounded) -> Bounded:
    """The nearest number of float32. If the middle between two such numbers lies within the error of `number`, either may be
    right; this happens once in 10**8."""
    return error_bounds.exactly(np.asarray(number.value, np.float32), number.u)


@dataclass(frozen=True)
class SeenStep:
    """One step that was seen: weights before and after, gradients, and the learning rate."""

    before: Arrays
    gradients: Arrays
    after: Arrays
    rate: float


def retrace(
    rule: Rule, hyperparameters: Mapping[str, float], steps: Sequence[SeenStep], u: float
) -> Iterator[dict[str, Expected]]:
    """The expected effect of each step, one by one, so that the caller may stop at the first that departs."""
    names = list(steps[0].before)
    state = rule.begin(names, lambda name, value: error_bounds.exactly(np.full(steps[0].before[name].shape, value), u))
    constant = {name: error_bounds.held(value, u) for name, value in hyperparameters.items()}
    for t, step in enumerate(steps, start=1):
        gradients = {name: error_bounds.exactly(step.gradients[name], u) for name in names}
        variables: dict[str, Any] = {
            **constant,
            "t": t,
            "learning_rate": error_bounds.held(step.rate, u),
            "weights": len(names),
        }
        variables["first_rate"] = constant["learning_rate"]
        if rule.uses_global_norm():
            variables["global_norm"] = error_bounds.root_of_squares(gradients.values(), u)
        expected = {}
        for place, name in enumerate(names, start=1):
            start = error_bounds.exactly(step.before[name], u)
            after = rule.step(start, gradients[name], state[name], {**variables, "place": place}, matrices.BOUNDED)
            expected[name] = expected_of(start, after, u)
        yield expected
