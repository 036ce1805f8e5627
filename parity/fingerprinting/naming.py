"""Owns the naming of a rule that was driven as a black box: the closed forms that agree with all of its steps up to rounding.

It refuses to guess: if no form explains every element of every step of every run, the answer is no match. It refuses a
tolerance wider than the driven precision: explaining a float64 object in float32 needs evidence (`blind`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.fingerprinting import held_forms
from parity.fingerprinting.rules import ClosedForm, library
from parity.judgement import budgets
from parity.reference_impl.replay import SeenStep, retrace

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

BLIND = 0.5
"""The least share of updates that stay equal bit for bit when gradients move by a 16th of float32's spacing (NUDGE).
An object that rounds gradients to float32 repeats all updates. An object that rounds a sum or a product of a few gradients
repeats all but some sixteenths. In an object that computes in float64 every update moves, by 2**24 spacings of float64."""

TOLD_APART = 64.0
"""An update that the nudge should move by fewer spacings of its weight than this shows nothing, and is not counted."""

MEANINGS: Mapping[str, tuple[str, ...]] = {"beta": ("momentum", "rho")}
"""Argument -> its other meanings in some frameworks, used if the object has no argument of that name."""

HELD = ", learning rate held at its first value"
"""Added to the name of a rule that ignores changes of its learning rate."""


@dataclass(frozen=True)
class SeenRun:
    """A run of a black box: its hyper-parameters, and every step's gradients, learning rate, and weights before and after."""

    hyperparameters: Mapping[str, float]
    steps: Sequence[SeenStep]
    dtype: str


@dataclass(frozen=True)
class ExplainingForm:
    """A form that explains all steps, its precision, and the greatest share of a budget that an error used.

    precision: the driven precision; or float32 for a float64 run, if a nudge shows that the object computes in float32."""

    form: ClosedForm
    precision: str
    share: float
    rate_held: bool = False


@dataclass(frozen=True)
class VerifiedNames:
    """matches: the forms that explain every run. departed: form that explains the first run only -> the run that excludes it.
    beyond: run that a matching form does not cover, or covers in part -> the reason."""

    matches: Sequence[ExplainingForm]
    departed: Mapping[str, str]
    beyond: Mapping[str, str] = field(default_factory=dict)


def identify(run: SeenRun, forms: Iterable[ClosedForm] | None = None) -> list[ExplainingForm]:
    """Every form that explains the run in the driven precision; an empty list is no match.

    If no form does, the object may keep some numbers in float32 (held_forms), or keep the learning rate at its first value.
    """
    run = _meant(run)
    eligible = _eligible(library() if forms is None else forms, run)
    if candidates := _within(eligible, run, run.dtype):
        return candidates
    if (
        forms is None
        and run.dtype == "float64"
        and (candidates := _within(_eligible(held_forms.library(), run), run, "float64"))
    ):
        return candidates
    return _rate_held(eligible, run, run.dtype)


def identify_blind(run: SeenRun, nudged: SeenRun) -> list[ExplainingForm]:
    """Every form that explains a float64 run in float32, if the nudge shows that the object computes in float32.

    nudged: a run whose first gradients moved by less than float32's spacing. Where that changes updates, the list is empty."""
    if run.dtype != "float64" or blind(run, nudged) < BLIND:
        return []
    run = _meant(run)
    eligible = _eligible(library(), run)
    return _within(eligible, run, "float32") or _rate_held(eligible, run, "float32")


def _eligible(forms: Iterable[ClosedForm], run: SeenRun) -> list[ClosedForm]:
    return [form for form in forms if form.hyperparameters() <= run.hyperparameters.keys()]


def _rate_held(eligible: Sequence[ClosedForm], run: SeenRun, precision: str) -> list[ExplainingForm]:
    """The forms that explain the run with the learning rate held at its first value. It tries only the forms that explain the
    steps before the rate's first change."""
    held = [step.rate == run.hyperparameters["learning_rate"] for step in run.steps]
    if all(held) or not held[0]:
        return []
    begun = replace(run, steps=run.steps[: held.index(False)])
    forms = [match.form for match in _within(eligible, begun, precision)]
    return [
        replace(form, form=replace(form.form, name=form.form.name + HELD), rate_held=True)
        for form in _within(forms, _first_rate(run), precision)
    ]


def named(run: SeenRun, nudged: SeenRun | None, further: Mapping[str, SeenRun]) -> VerifiedNames:
    """The forms that explain the first run and all further runs in the driven precision; or else, in float32, if `nudged` shows
    that the object ignores digits beyond float32."""
    verified = verify(identify(run), further)
    if verified.matches or nudged is None:
        return verified
    other = verify(identify_blind(run, nudged), further)
    return other if other.matches or not verified.departed else verified


def verify(matches: Sequence[ExplainingForm], further: Mapping[str, SeenRun]) -> VerifiedNames:
    """The matches that also explain all further runs."""
    kept: list[ExplainingForm] = []
    departed: dict[str, str] = {}
    beyond: dict[str, str] = {}
    for match in matches:
        for name, run in further.items():
            hyperparameters = _meant(run)
            reached = _reached(match.form, _first_rate(hyperparameters) if match.rate_held else hyperparameters)
            used = share(match.form, reached, match.precision) if reached.steps[0].before else float("nan")
            if used > 1:
                departed[match.form.name] = name
                break
            if np.isnan(used):
                beyond[name] = "not judged, the formula has no number there"
            elif len(reached.steps[0].before) < len(hyperparameters.steps[0].before):
                beyond[name] = "held for arrays of 1 and 2 axes alone, the formula speaks of no others"
        else:
            kept.append(match)
    return VerifiedNames(kept, departed, beyond)


def _meant(run: SeenRun) -> SeenRun:
    """The run with the other meanings of its arguments added."""
    hyperparameters = dict(run.hyperparameters)
    meant = {
        other: hyperparameters[name]
        for name, others in MEANINGS.items()
        if name in hyperparameters
        for other in others
        if other not in hyperparameters
    }
    return replace(run, hyperparameters=hyperparameters | meant)


def _first_rate(run: SeenRun) -> SeenRun:
    """The run with the learning rate that it began with in every step."""
    return replace(run, steps=[replace(step, rate=run.hyperparameters["learning_rate"]) for step in run.steps])


OF_MATRICES = frozenset({"row_means", "column_means"})
"""Functions that are defined for vectors and matrices only."""


def _reached(form: ClosedForm, run: SeenRun) -> SeenRun:
    """The run without arrays of more axes than the form covers."""
    names = [name for name, array in run.steps[0].before.items() if array.ndim <= 2 or not form.calls() & OF_MATRICES]
    if len(names) == len(run.steps[0].before):
        return run

    def only(arrays: Arrays) -> Arrays:
        return {name: arrays[name] for name in names}

    steps = [SeenStep(only(step.before), only(step.gradients), only(step.after), step.rate) for step in run.steps]
    return replace(run, steps=steps)


def _within(eligible: Sequence[ClosedForm], run: SeenRun, precision: str) -> list[ExplainingForm]:
    forms = [ExplainingForm(form, precision, share(form, run, precision)) for form in eligible]
    return [match for match in forms if match.share <= 1]


def blind(run: SeenRun, nudged: SeenRun) -> float:
    """The share of updates that stay equal bit for bit when gradients move by less than float32's spacing, among updates
    that are large enough to show it. Only the first step counts: after it the weights differ."""
    step, other, same, large_count = run.steps[0], nudged.steps[0], 0, 0
    for name, after in step.after.items():
        moved = np.abs(after.astype(np.float64) - step.before[name])
        apart = np.abs(other.gradients[name].astype(np.float64) - step.gradients[name])
        share_moved = np.divide(apart, np.abs(step.gradients[name]), out=np.zeros(apart.shape), where=step.gradients[name] != 0)
        large = moved * share_moved > TOLD_APART * budgets.roundoff("float64") * np.abs(after)
        same += int(np.sum(large & (other.after[name] == after)))
        large_count += int(np.sum(large))
    return same / large_count if large_count else 0.0


def share(form: ClosedForm, run: SeenRun, precision: str) -> float:
    """The greatest error of an update, in budgets; infinite if an update departs, NaN if the form has no number at all.

    Where a form has no number (0/0), the object must have none. Weights that float32 cannot represent are stored in float64,
    whatever the precision of the update."""
    u, worst = budgets.roundoff(precision), float("nan")
    stored = u if _on_grid(run) else budgets.roundoff(run.dtype)
    read = form.hyperparameters() | {"learning_rate"}
    values = {name: value for name, value in run.hyperparameters.items() if name in read}
    with np.errstate(all="ignore"):
        for expected, step in zip(retrace(form.rule(values), values, run.steps, u), run.steps, strict=True):
            for name, item in expected.items():
                allowed = budgets.updated(item.error, item.size, u, stored)
                judged = np.isfinite(item.update) & np.isfinite(allowed)
                update = step.after[name].astype(item.update.dtype) - step.before[name].astype(item.update.dtype)
                used = abs(update - item.update) / np.maximum(allowed, 1e-300)
                if not (used[judged] <= 1).all() or np.isfinite(step.after[name][~judged]).any():
                    return float("inf")
                worst = float(np.fmax(worst, np.max(used[judged], initial=0.0))) if judged.any() else worst
    return worst


def _on_grid(run: SeenRun) -> bool:
    return all(bool((array == array.astype(np.float32)).all()) for step in run.steps for array in step.after.values())
