"""Owns optimizers: their formulas applied step by step, in any arithmetic, and the updates that given gradients should cause.

It refuses to compute gradients: it takes the gradients that the framework computed, so that a
wrong gradient never blames the optimizer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.formulas.formula import Formula
from parity.formulas.syntax import RULES_ONLY
from parity.reference_impl import error_bounds, matrices
from parity.reference_impl.error_bounds import Bounded
from parity.spec.specs import Optimizer

Array = npt.NDArray[Any]
State = dict[str, dict[str, Any]]
"""Parameter -> state name -> value."""


@dataclass(frozen=True)
class Rule:
    """An optimizer's formulas, in the order of evaluation."""

    name: str
    update: Mapping[str, Formula]
    gradient: Mapping[str, Formula] = field(default_factory=dict)
    state: Mapping[str, float] = field(default_factory=dict)

    @staticmethod
    def of(spec: Optimizer) -> Rule:
        return Rule(
            name=spec.name,
            update={name: _formula(text) for name, text in spec.update.items()},
            gradient={name: _formula(text) for name, text in (spec.gradient or {}).items()},
            state={name: float(value) for name, value in (spec.state or {}).items()},
        )

    def begin(self, names: Sequence[str], like: Callable[[str, float], Any]) -> State:
        """State before the first step; `like(parameter, number)` makes an array of that parameter's shape."""
        return {name: {key: like(name, value) for key, value in self.state.items()} for name in names}

    def uses_global_norm(self) -> bool:
        return any("global_norm" in formula.names for formula in (*self.gradient.values(), *self.update.values()))

    def elementwise(self) -> bool:
        """Whether an element's update depends on that element alone, so that a parameter may be replayed in pieces."""
        formulas = (*self.gradient.values(), *self.update.values())
        return not self.uses_global_norm() and not any(RULES_ONLY & set(formula.calls()) for formula in formulas)

    def step(
        self,
        parameter: Any,
        gradient: Any,
        state: dict[str, Any],
        variables: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]],
    ) -> Any:
        """One parameter's new value. Updates `state` in place. `known`: hyper-parameters, t
        and global_norm, in the same arithmetic."""
        values = {**variables, **state, "g": gradient, "w": parameter}
        for name, formula in (*self.gradient.items(), *self.update.items()):
            values[name] = self.held(name, formula.evaluate(values, functions))
            if name in state:
                state[name] = values[name]
        return values["w"]

    def held(self, _: str, value: Any) -> Any:
        """The value that the rule keeps under this name: here, the value as computed. A subclass may round it."""
        return value


@dataclass(frozen=True)
class Expected:
    """The expected effect of one step on one parameter.

    update: new minus old value. error: how far rounding may move the update, before the rounding that stores the parameter.
    size: the greater of |old| and |new|, which sets the size of that last rounding.
    """

    update: Array
    error: Array
    size: Array


def replay(
    rule: Rule,
    hyperparameters: Mapping[str, float],
    initial: Mapping[str, Array],
    gradients: Sequence[Mapping[str, Array]],
    u: float,
    factors: Mapping[str, float],
    gradient_errors: Mapping[str, float] | None = None,
) -> list[dict[str, Expected]]:
    """Lock-step: each step starts every parameter at `initial` again, while the optimizer's state and t continue.

    factors: parameter -> factor of its learning rate; only these are updated. gradient_errors: how far the gradient that the
    step used may lie from the gradient that was seen (0 if both are exact).
    """
    names = list(factors)
    state = rule.begin(names, lambda name, value: error_bounds.exactly(np.full(np.shape(initial[name]), value), u))
    steps = []
    for t, gradient in enumerate(gradients, start=1):
        slopes = {name: error_bounds.exactly(gradient[name], u, (gradient_errors or {}).get(name, 0.0)) for name in names}
        variables: dict[str, Any] = {"t": t, **{name: error_bounds.held(value, u) for name, value in hyperparameters.items()}}
        if rule.uses_global_norm():
            variables["global_norm"] = error_bounds.root_of_squares(slopes.values(), u)
        expected = {}
        for name in names:
            rate = _scaled(variables["learning_rate"], factors[name])
            start = error_bounds.exactly(initial[name], u)
            after = rule.step(start, slopes[name], state[name], {**variables, "learning_rate": rate}, matrices.BOUNDED)
            expected[name] = expected_of(start, after, u)
        steps.append(expected)
    return steps


def expected_of(start: Bounded, after: Bounded, u: float) -> Expected:
    """The update between two values."""
    stored = u * abs(after.value)
    return Expected(
        update=np.asarray(after.value - start.value),
        error=np.maximum(after.error - stored, 0),
        size=np.maximum(abs(start.value), abs(after.value)),
    )


def _scaled(rate: Bounded, factor: float) -> Bounded:
    return rate if factor == 1 else rate * factor


def _formula(text: Any) -> Formula:
    return text if isinstance(text, Formula) else Formula(str(text))
