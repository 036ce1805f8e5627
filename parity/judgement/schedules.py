"""Owns the judgement of schedules: the learning rate of every step against the formula of its spec.

It refuses to know an optimizer: the rates come from steps whose gradient is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.formulas.formula import SCALARS, Formula
from parity.judgement import budgets, precision
from parity.judgement.comparison import Comparison, judge_elements, named, unfit
from parity.spec.cases import Case
from parity.spec.specs import Schedule

Array = npt.NDArray[Any]
STEPS = 60
QUANTITY = "learning_rate"


def rates(formula: Formula, values: Mapping[str, float], steps: int) -> Array:
    """The learning rate of each step, in float64."""
    factors = [float(formula.evaluate({**values, "t": t}, SCALARS)) for t in range(steps)]
    return values["learning_rate"] * np.asarray(factors)


def judge(case: Case, spec: Schedule) -> Callable[[Mapping[str, Array]], list[Comparison]]:
    """Judges the array `rates` of a record: one learning rate per step."""
    expected = rates(Formula(str(spec.factor)), case.hyperparameters, case.steps)

    def comparisons(arrays: Mapping[str, Array]) -> list[Comparison]:
        rates = arrays.get("rates")
        finding = unfit(rates, expected)
        if finding is None and rates is not None:
            budget = budgets.scheduled(expected, budgets.roundoff(case.dtype))
            finding = judge_elements(rates.astype(np.float64), expected, budget)
        return precision.reduced([named(case, QUANTITY, "", finding)]) if finding is not None else []

    return comparisons
