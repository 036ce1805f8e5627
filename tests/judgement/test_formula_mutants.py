"""Every mutant of every optimizer's and initializer's formulas is caught by the real judgement, or proven equivalent below."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
from formula_mutants import mutants
from judged import Trial, optimizer_trial
from reference_framework import Implementation, Realized

from parity.formulas.formula import Formula
from parity.formulas.syntax import FormulaError
from parity.judgement import sampling, updates
from parity.judgement.verdicts import GREEN, worst
from parity.reference_impl.rules import Rule
from parity.spec.cases import Case
from parity.spec.specs import Initializer, Optimizer, load, names
from parity.trials.probes import SAMPLINGS

EQUIVALENT: dict[tuple[str, str, str], str] = {
    ("rmsprop_centered", "update.a", "rho * a - (1 - rho) * g"): "a starts at 0 and is only squared, so its sign is free",
    (
        "adafactor",
        "update.r",
        "(1 - t ** beta_2_decay) * r - t ** beta_2_decay * row_means(g ** 2 + epsilon_1)",
    ): "r starts at 0 and is read over its own mean, so its sign is free",
    ("adam_then_sgd", "update.first", "(1 + sign(switch + 0.25 - t)) / 2"): "steps are whole numbers",
}
"""(spec, part, mutant) -> why no input can tell it from the original."""

STEPS, FIRST = 20, 3
"""Steps of a trial, and of one that has its first batches alone: what departs there departs in the whole."""


def rule(name: str) -> Rule:
    spec = load(f"optimizers/{name}")
    assert isinstance(spec, Optimizer)
    return Rule.of(spec)


def rule_mutants() -> Iterator[tuple[str, str, str]]:
    """(optimizer, part.variable, mutated formula)."""
    for name in names("optimizers"):
        original = rule(name)
        for part, formulas in (("gradient", original.gradient), ("update", original.update)):
            for variable, formula in formulas.items():
                for text in dict.fromkeys(mutants(formula.text)):
                    if text != formula.text:
                        yield name, f"{part}.{variable}", text


def mutated(name: str, place: str, text: str) -> Rule:
    original = rule(name)
    part, variable = place.split(".")
    formulas = {**(original.gradient if part == "gradient" else original.update), variable: Formula(text)}
    return replace(original, gradient=formulas) if part == "gradient" else replace(original, update=formulas)


@cache
def trial(name: str, dtype: str, steps: int) -> Trial:
    return optimizer_trial(name, dtype, steps=steps)


def verdict(name: str, changed: Rule, dtype: str, steps: int = STEPS) -> str:
    """What the judgement says of the reference with another rule."""

    class Changed(Realized):
        def chosen_rule(self, _: str) -> Rule:
            return changed

    class Framework(Implementation):
        realized = Changed

    with np.errstate(all="ignore"):
        try:
            return worst(one.verdict for one in trial(name, dtype, steps).comparisons(Framework()))
        except FormulaError:  # a division by zero: the worker would record a crash
            return "not_compared"


MUTANTS = tuple(rule_mutants())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", names("optimizers"))
def test_the_right_rule_is_green(name: str, dtype: str) -> None:
    assert verdict(name, rule(name), dtype) in GREEN


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", names("optimizers"))
def test_the_first_steps_are_those_of_the_whole(name: str, dtype: str) -> None:
    """The same batches, and green with the right rule, so that a mutant that departs there would depart in the whole."""
    first, whole = trial(name, dtype, FIRST), trial(name, dtype, STEPS)
    assert len(first.draws.arrays) < len(whole.draws.arrays)
    assert all(np.array_equal(array, whole.draws.arrays[key]) for key, array in first.draws.arrays.items())
    with patch.object(updates, "blind_hyperparameters", return_value=[]):
        assert verdict(name, rule(name), dtype, FIRST) in GREEN


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "place", "text"), MUTANTS, ids=[" ".join(mutant) for mutant in MUTANTS])
def test_a_mutant_of_a_rule_is_caught(name: str, place: str, text: str, dtype: str) -> None:
    with patch.object(
        updates, "blind_hyperparameters", return_value=[]
    ):  # asked of the data, which the right rule was judged on
        changed = mutated(name, place, text)
        early = verdict(name, changed, dtype, FIRST) in ("differs", "nonfinite", "not_compared")
        caught = early or verdict(name, changed, dtype) not in GREEN
    if (name, place, text) in EQUIVALENT:
        assert not caught, "it is caught: take it off the list of equivalent mutants"
    else:
        assert caught


def test_there_are_mutants_enough() -> None:
    assert len(MUTANTS) >= 200


def initializer_mutants() -> Iterator[tuple[str, str]]:
    for name in names("initializers"):
        spec = load(f"initializers/{name}")
        assert isinstance(spec, Initializer)
        for key in ("value", "standard_deviation", "limit", "gain"):
            given = getattr(spec, key)
            if given is not None:
                yield from ((name, text) for text in dict.fromkeys(mutants(str(given))) if text != str(given))


@pytest.mark.parametrize("shape", list(SAMPLINGS))
@pytest.mark.parametrize(("name", "text"), list(initializer_mutants()))
def test_a_mutant_of_an_initializer_is_caught(name: str, text: str, shape: str) -> None:
    spec = load(f"initializers/{name}")
    assert isinstance(spec, Initializer)
    asked = replace(SAMPLINGS[shape], count=4)
    given = {argument: 1.5 * float(value) for argument, value in spec.arguments.items()}
    case = Case(name, "sampling", "float32", initializer=name, arguments=given, sampling=asked)
    known = {**given, "fan_in": asked.fan_in, "fan_out": asked.fan_out}
    right = Implementation()
    try:
        scale = float(Formula(text).evaluate(known, {"sqrt": math.sqrt}))
    except (FormulaError, ValueError):
        return  # the root of a negative number: the worker would record a crash

    class Wrong(Implementation):
        def drawn(self, kind: str, _: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
            return right.drawn(kind, scale, shape, numbers)

    draws = {f"sample/{i}": Wrong().sample(replace(case, seed=i)) for i in range(4)}
    assert worst(one.verdict for one in sampling.judge(case, spec)(draws)) not in GREEN
