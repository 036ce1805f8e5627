"""Gaps of defaults: a planted difference shows in its own part, semantic or rounding, and in no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parity.atlas.canonical import INITIALIZERS, NATIVES, OPTIMIZERS
from parity.execution.worker import native_objects, native_optimizers
from parity.fingerprinting import gaps
from parity.fingerprinting.forms import normalizations, reductions
from parity.fingerprinting.naming import ExplainingForm, SeenRun
from parity.fingerprinting.rules import ClosedForm, library
from parity.reference_impl import training
from parity.reference_impl.replay import SeenStep
from parity.reference_impl.rules import Rule
from parity.reporting import atlas
from parity.reporting.atlas import DefaultGap, size
from parity.spec.specs import Optimizer, load
from parity.trials import probes
from parity.verbs.fingerprint import default_gaps as measuring

VALUES = {"learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}


def followed(form: ClosedForm, values: dict[str, float], error: float = 0.0) -> SeenRun:
    """An object that follows a form at these values, each update off by a relative error."""
    rule, steps = form.rule(values), []
    given = probes.ordinary_draws("float64")
    weights = {name.partition("/")[2]: array for name, array in given.items() if name.startswith("parameter/")}
    state = rule.begin(list(weights), lambda name, value: np.full(weights[name].shape, value))
    for t, factor in enumerate(probes.RATES, start=1):
        rate = values["learning_rate"] * factor
        gradients = {name: given[f"batch/{t - 1}/{name}"] for name in weights}
        after = {
            name: w
            + (rule.step(w, gradients[name], state[name], {**values, "t": t, "learning_rate": rate}, training.FUNCTIONS) - w)
            * (1 + error)
            for name, w in weights.items()
        }
        steps.append(SeenStep(weights, gradients, after, rate))
        weights = after
    return SeenRun(values, steps, "float64")


def form_of(name: str) -> ClosedForm:
    return next(form for form in library() if form.name == name)


def parts(form: str, values: dict[str, float], error: float = 0.0) -> tuple[float, float, float]:
    spec = load("optimizers/adam")
    assert isinstance(spec, Optimizer)
    published = {name: float(value) for name, value in spec.hyperparameters.items()}
    found = form_of(form)
    return gaps.of_optimizer(followed(found, values, error), ExplainingForm(found, "float64", 0.0), Rule.of(spec), published)


def test_the_spec_s_own_rule_has_no_gap() -> None:
    same, published, rounding = parts("adam", {**VALUES, "learning_rate": 0.001, "epsilon": 1e-8})
    assert same == published == 0
    assert rounding < 1e-10


def test_another_formula_shows_in_the_semantic_part_alone() -> None:
    same, published, rounding = parts("adam_epsilon_inside", {**VALUES, "learning_rate": 0.001, "epsilon": 2.0**-4})
    assert same > 0.01 and published > 0.01
    assert rounding < 1e-10


def test_other_defaults_show_at_the_published_values_alone() -> None:
    same, published, rounding = parts("adam", VALUES)
    assert same == 0
    assert published == pytest.approx(9, rel=0.1)  # ten times the rate
    assert rounding < 1e-10


def test_inexact_arithmetic_shows_as_rounding_alone() -> None:
    same, published, rounding = parts("adam", {**VALUES, "learning_rate": 0.001, "epsilon": 1e-8}, error=1e-6)
    assert same == published == 0
    assert rounding == pytest.approx(1e-6, rel=1e-3)


def test_what_an_object_leaves_away_is_nothing() -> None:
    form = form_of("adam, weight decay coupled")
    assert gaps.with_absent(form, VALUES) == {**VALUES, "weight_decay": 0.0}


def test_a_native_object_s_parts() -> None:
    forms = list(reductions.forms())
    half, whole = (gaps.named(forms, name) for name in ("half the squared error, the mean", "squared error, the mean of all"))
    each = gaps.named(forms, "half the squared error, one mean")
    assert half and whole and each
    seen = {name: array * (1 + 1e-8) for name, array in half.expected.items()}
    assert gaps.of_native(seen, half, whole) == (pytest.approx(0.5), pytest.approx(1e-8, rel=1e-3))
    assert gaps.of_native(each.expected, each, whole) == (float("inf"), 0)
    assert [size(gap) for gap in (None, 0.0, 0.5, float("inf"))] == ["—", "0", "5.0e-01", "another shape"]


def test_gaps_that_are_no_numbers_survive_the_disk(tmp_path: Path) -> None:
    gap = DefaultGap("torch.nn.Mine", "torch", "mean", {"epsilon": 0.5}, "sum", float("inf"), float("inf"), 0.0)
    nan, draw = replace(gap, published=None, rounding=float("nan")), replace(gap, path="torch.nn.init.mine_", rounding=None)
    atlas.write([], {"torch": "1"}, [gap, nan, draw], tmp_path)
    first, second, third = atlas.read(tmp_path / "data" / "atlas.json")[2]
    assert (first, third) == (gap, draw)
    assert second.published is None and second.rounding is not None and np.isnan(second.rounding)
    assert "| another shape | none: a draw |" in (tmp_path / "atlas.md").read_text()
    row = next(line for line in (tmp_path / "atlas.md").read_text().splitlines() if "torch.nn.Mine" in line)
    assert "| another shape | another shape | 0 |" in row
    assert "NaN" not in (tmp_path / "data" / "atlas.json").read_text()


def test_what_has_no_gap_is_told() -> None:
    every = [*OPTIMIZERS["torch"], *NATIVES["torch"], *INITIALIZERS["torch"]]
    found = [DefaultGap(path, "torch", "", {}, "", 0.0, None, 0.0) for path in every if path != "torch.nn.BCELoss"]
    assert measuring.left_out(["torch"], found) == ["torch.nn.BCELoss"]
    assert measuring.left_out(["theano"], []) == []


def test_a_longer_name_is_found_by_its_beginning() -> None:
    seen = {name: np.asarray(value) for name, value in {"known/epsilon": 0.1, "run/gains": 4, "run/shifts": 0}.items()}
    found = gaps.named(normalizations.forms(seen), "each place over its channels, by the biased variance, ε inside the root")
    assert found and found.name.endswith("ε inside the root")
    assert gaps.named(normalizations.forms(seen), "nothing of the kind") is None


class Defaulted:
    def __init__(
        self, params: object, lr: float | None = None, betas: tuple[float, float] = (0.5, 0.75), eps: float = 0.25
    ) -> None:
        """An object with defaults, but for its rate."""


def test_defaults_are_read_where_nothing_is_asked_for() -> None:
    keywords, known = native_optimizers.chosen("Defaulted", Defaulted, {native_optimizers.OTHERWISE: 0.125}, {})
    assert keywords == {"lr": 0.125}
    assert known == {"learning_rate": 0.125, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.25}
    assert native_objects.numbers(dict(native_optimizers.arguments(Defaulted))) == {"epsilon": 0.25}
