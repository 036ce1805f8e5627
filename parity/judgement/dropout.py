"""Owns the judgement of a native dropout layer: it recovers the mask, tests it, and replays it.

It refuses to compare which units a layer drops, since that is random: it tests only that the output has a mask, that the mask
drops units at the right rate, and that values and gradients use the same mask. Source: Srivastava et al. 2014, with the kept
units scaled by 1/(1 - rate).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import FORWARD, INPUT_GRADIENT, VALUE, array_name
from parity.judgement import budgets
from parity.judgement.comparison import Comparison, Finding, judge_bits, judge_elements, named, unfit
from parity.spec.cases import Case

Array = npt.NDArray[Any]


def judge(case: Case, batch: Mapping[str, Array]) -> Callable[[Mapping[str, Array]], list[Comparison]]:
    """Judges a record of trials.probes.dropout_probe. `batch`: `weights`, and `x`, drawn away from
    zero so that a zero is a dropped unit."""
    if case.graph is None:
        raise ValueError(f"{case.id} has no graph")
    rate = float(case.graph.nodes[0].attributes["rate"])
    x, weights, u = batch["x"], batch["weights"], budgets.roundoff(case.dtype)

    def comparisons(arrays: Mapping[str, Array]) -> list[Comparison]:
        comparisons = [named(case, "forward", "dropout", judge_bits(arrays.get(array_name(FORWARD, "dropout")), x))]
        y = arrays.get(array_name(VALUE, "dropout"))
        if y is None or unfit(y, x) is not None:
            return [*comparisons, named(case, "activation", "dropout", unfit(y, x) or Finding("differs"))]
        kept = y != 0
        comparisons.append(named(case, "activation", "dropout rate", _rate(kept, rate)))
        comparisons.append(named(case, "activation", "dropout scale", _masked(y, x, kept, rate, u)))
        gradient = arrays.get(array_name(INPUT_GRADIENT, "x"))
        return [*comparisons, named(case, "input_gradient", "x", _masked(gradient, weights, kept, rate, u))]

    return comparisons


def _rate(kept: Array, rate: float) -> Finding:
    """The share of dropped units against the rate, at the level of one statistical test."""
    error = abs(float(np.mean(~kept)) - rate)
    budget = budgets.deviations() * sqrt(rate * (1 - rate) / kept.size)
    return Finding("agrees" if error <= budget else "differs", error, budget)


def _masked(got: Array | None, values: Array, kept: Array, rate: float, u: float) -> Finding:
    """Replays the recovered mask: kept values must be scaled, the others exactly zero."""
    expected = np.where(kept, values.astype(np.float64) / (1.0 - rate), 0.0)
    return judge_elements(got, expected, budgets.DROPOUT_ROUNDINGS * u * np.abs(expected))
