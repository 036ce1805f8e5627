"""Schedules: each spec against rates written from its paper, mutants of its formula, and what a framework may not do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import cos, pi

import numpy as np
import pytest
from formula_mutants import mutants

from parity.formulas.formula import Formula
from parity.formulas.syntax import FormulaError
from parity.judgement import budgets, schedules
from parity.judgement.comparison import Comparison
from parity.judgement.verdicts import GREEN, worst
from parity.spec.cases import Case
from parity.spec.mistakes import SpecError
from parity.spec.specs import Schedule, load, names, parse

H = dict[str, float]


def _step(t: int, h: H) -> float:
    rate = h["learning_rate"]
    for number in range(1, t + 1):
        rate = rate * h["decay"] if number % int(h["size"]) == 0 else rate
    return rate


RATES: dict[str, Callable[[int, H], float]] = {
    "step": _step,
    "multi_step": lambda t, h: h["learning_rate"] * h["decay"] ** ((t >= h["first"]) + (t >= h["second"])),
    "exponential": lambda t, h: _step(t, {**h, "size": 1}),
    "polynomial": lambda t, h: 0.0 if t >= h["steps"] else h["learning_rate"] * ((h["steps"] - t) / h["steps"]) ** h["power"],
    "cosine": lambda t, h: (
        h["learning_rate"]
        * (h["least"] if t >= h["steps"] else h["least"] + (1 - h["least"]) * cos(pi * t / h["steps"] / 2) ** 2)
    ),
    "linear_warm_up": lambda t, h: h["learning_rate"] * (1 if t >= h["steps"] else (t + 1) / h["steps"]),
}


def spec(name: str) -> Schedule:
    found = load(f"schedules/{name}")
    assert isinstance(found, Schedule)
    return found


def judged(name: str, rates: np.ndarray, dtype: str) -> list[Comparison]:
    given = spec(name)
    case = Case(name, "schedule", dtype, optimizer=name, hyperparameters=given.probe_values(), steps=schedules.STEPS)
    return schedules.judge(case, given)({"rates": rates.astype(dtype)})


def test_every_spec_is_tested() -> None:
    assert set(RATES) == set(names("schedules"))


@pytest.mark.parametrize("variant", ["probe", "defaults"])
@pytest.mark.parametrize("name", RATES)
def test_the_formula_is_the_paper(name: str, variant: str) -> None:
    values = spec(name).probe_values() if variant == "probe" else spec(name).default_values()
    rates = schedules.rates(Formula(str(spec(name).factor)), values, schedules.STEPS)
    assert len(rates) >= 50
    assert rates == pytest.approx([RATES[name](t, values) for t in range(len(rates))], rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", RATES)
def test_right_rates_are_green_and_float32_is_seen(name: str, dtype: str) -> None:
    rates = np.array([RATES[name](t, spec(name).probe_values()) for t in range(schedules.STEPS)])
    assert worst(one.verdict for one in judged(name, rates, dtype)) in GREEN
    single = rates * (1 + 2.0**-25)
    assert (worst(one.verdict for one in judged(name, single, dtype)) in GREEN) == (dtype == "float32")
    late = np.concatenate([rates[:1], rates[:-1]])
    assert worst(one.verdict for one in judged(name, late, dtype)) not in GREEN


def schedule_mutants() -> Iterator[tuple[str, str]]:
    for name in RATES:
        yield from ((name, text) for text in dict.fromkeys(mutants(str(spec(name).factor))) if text != str(spec(name).factor))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "text"), list(schedule_mutants()))
def test_a_mutant_is_caught(name: str, text: str, dtype: str) -> None:
    try:
        rates = schedules.rates(Formula(text), spec(name).probe_values(), schedules.STEPS)
    except (FormulaError, TypeError, ValueError):
        return  # no number: the worker would record a crash
    assert worst(one.verdict for one in judged(name, rates, dtype)) not in GREEN


def test_rates_that_are_missing_are_no_agreement() -> None:
    assert worst(one.verdict for one in judged("step", np.zeros(3), "float64")) not in GREEN
    assert worst(one.verdict for one in judged("step", np.full(schedules.STEPS, np.nan), "float64")) not in GREEN


def test_the_budget_grows_by_two_roundings_a_step() -> None:
    budget = budgets.scheduled(np.array([1.0, 0.5, 0.25]), 2.0**-24)
    assert budget.tolist() == [8 * 2.0**-24, 10 * 2.0**-24, 12 * 2.0**-24]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hyperparameters: {rate: 1}\nfactor: rate**t", "needs the `learning_rate`"),
        ("hyperparameters: {learning_rate: 1}\nfactor: decay**t", "no `decay` here"),
        ("hyperparameters: {learning_rate: 1, decay: 2}\nfactor: 1/(t + 1)", "`decay` has no effect"),
        ("hyperparameters: {learning_rate: 1}\nprobe: {learning_rate: 0.1}\nfactor: 1/(t + 1)", "float32 does not hold 0.1"),
    ],
)
def test_a_mistake_is_said(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse(f"name: mine\nsource: me\n{text}\n")
