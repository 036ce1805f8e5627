"""Owns the naming of a rule that was seen from outside: the closed forms whose every step it took, to within rounding.

It refuses to guess: where no form explains every element of every step, the answer is no match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.fingerprinting.rules import ClosedForm, library
from parity.judgement import budgets
from parity.reference_impl.retracing import Step, retrace

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

PRECISIONS = ("float64", "float32")
"""What a match is tried in, the sharpest first: fused kernels hold hyper-parameters in float32 beside float64 weights."""


MEANINGS: Mapping[str, tuple[str, ...]] = {"beta": ("momentum", "rho")}
"""What an argument means to some, where the object has no other of that meaning."""

HELD = ", learning rate held at its first value"
"""What is added to the name of a rule that does not see its learning rate change."""


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
    """Every form that explains what was seen in the sharpest precision in which any does; none is no match.

    Where none does, the object may have kept the learning rate that it was made with: forms are tried with that as well.
    """
    known = dict(seen.hyperparameters)
    meant = {other: known[name] for name, others in MEANINGS.items() if name in known for other in others if other not in known}
    seen = replace(seen, hyperparameters=known | meant)
    eligible = [
        form for form in (library() if forms is None else forms) if form.hyperparameters() <= seen.hyperparameters.keys()
    ]
    if found := _matches(eligible, seen):
        return found
    held = replace(seen, steps=[replace(step, rate=known["learning_rate"]) for step in seen.steps])
    before = [step.rate == known["learning_rate"] for step in seen.steps].index(False) if held.steps != seen.steps else 0
    begun = [form for form in eligible if before and _matches([form], replace(seen, steps=seen.steps[:before]))]
    return [replace(one, form=replace(one.form, name=one.form.name + HELD)) for one in _matches(begun, held)]


def _matches(eligible: Sequence[ClosedForm], seen: Seen) -> list[Match]:
    for precision in PRECISIONS[PRECISIONS.index(seen.dtype) :]:
        found = [Match(form, precision, share(form, seen, precision)) for form in eligible]
        if matches := [match for match in found if match.share <= 1]:
            return matches
    return []


def share(form: ClosedForm, seen: Seen, precision: str) -> float:
    """The greatest error of an update, in budgets; infinite as soon as one step departs."""
    u, worst = budgets.roundoff(precision), 0.0
    read = form.hyperparameters() | {"learning_rate"}
    values = {name: value for name, value in seen.hyperparameters.items() if name in read}
    with np.errstate(all="ignore"):
        for expected, step in zip(retrace(form.rule(values), values, seen.steps, u), seen.steps, strict=True):
            for name, one in expected.items():
                update = step.after[name].astype(one.update.dtype) - step.before[name].astype(one.update.dtype)
                used = abs(update - one.update) / np.maximum(budgets.updated(one.error, one.size, u), 1e-300)
                if not (used <= 1).all():
                    return float("inf")
                worst = max(worst, float(np.max(used)))
    return worst
