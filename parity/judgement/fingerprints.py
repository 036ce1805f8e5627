"""Owns the naming of a rule that was seen from outside: the closed forms whose every step it took, to within rounding.

It refuses to guess: where no form explains every element of every step, the answer is no match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement import budgets
from parity.judgement.closed_forms import ClosedForm, library
from parity.reference_impl.retracing import Step, retrace
from parity.reference_impl.rules import Rule

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

PRECISIONS = ("float64", "float32")
"""What a match is tried in, the sharpest first: fused kernels hold hyper-parameters in float32 beside float64 weights."""


@dataclass(frozen=True)
class Seen:
    """What a black box did: its hyper-parameters, and every step's gradients, learning rate and weights before and after."""

    hyperparameters: Mapping[str, float]
    steps: Sequence[Step]
    dtype: str


@dataclass(frozen=True)
class Match:
    """A form that explains all steps, in which precision, and the greatest share of a budget that it needed."""

    form: ClosedForm
    precision: str
    share: float


def identify(seen: Seen, forms: Iterable[ClosedForm] | None = None) -> list[Match]:
    """Every form that explains what was seen in the sharpest precision in which any does; none is no match."""
    known = frozenset(seen.hyperparameters)
    eligible = [form for form in (library() if forms is None else forms) if form.hyperparameters() <= known]
    for precision in PRECISIONS[PRECISIONS.index(seen.dtype) :]:
        found = [Match(form, precision, share(form.rule(seen.hyperparameters), seen, precision)) for form in eligible]
        if matches := [match for match in found if match.share <= 1]:
            return matches
    return []


def share(rule: Rule, seen: Seen, precision: str) -> float:
    """The greatest error of an update, in budgets; infinite as soon as one step departs."""
    u, worst = budgets.roundoff(precision), 0.0
    with np.errstate(all="ignore"):
        for expected, step in zip(retrace(rule, seen.hyperparameters, seen.steps, u), seen.steps, strict=True):
            for name, one in expected.items():
                update = step.after[name].astype(one.update.dtype) - step.before[name].astype(one.update.dtype)
                used = abs(update - one.update) / np.maximum(budgets.updated(one.error, one.size, u), 1e-300)
                if not (used <= 1).all():
                    return float("inf")
                worst = max(worst, float(np.max(used)))
    return worst
