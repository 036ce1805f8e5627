"""Where a function has one slope, the atlas says which answer is right: checked by differences, marked where one is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from remedy_source import FRAMEWORKS, remedies

from parity.atlas.advice import same
from parity.atlas.chapters import QUESTIONS
from parity.atlas.question import WRONG, answered, written
from parity.judgement import budgets
from parity.reporting import atlas

Array = NDArray[Any]
REPORTS = Path(__file__).parents[2] / "reports"
SMOOTH = {question.name: question for question in QUESTIONS if question.right is not None}
FUNCTIONS: Mapping[str, Callable[[Array], Any]] = {
    "kink.product": np.prod,
    "kink.cumulative_product": lambda x: np.cumprod(x).sum(),
    "kink.cumulative_product_behind": lambda x: np.cumprod(x).sum(),
    "kink.power_zero": lambda x: (x**0).sum(),
    "kink.power_exponent": lambda x: (0.0**x).sum(),
    "kink.softplus": lambda x: np.logaddexp(0, x).sum(),
    "kink.sigmoid": lambda x: (1 / (1 + np.exp(-x))).sum(),
    "kink.clip_beyond": lambda x: np.clip(x, -1, 1).sum(),
    "kink.variance": np.var,
    "kink.absolute_power": lambda x: (abs(x) ** 1.5).sum(),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_the_right_slope_is_the_functions_slope_from_both_sides(name: str) -> None:
    """One-sided differences too: at a kink they would differ, and no answer would be the only one."""
    question, step = SMOOTH[name], 1e-9
    x, right = np.asarray(question.inputs["x"], float), np.asarray(question.right)
    for place in range(x.size):
        move = step * np.eye(x.size)[place]
        ahead, behind = ((FUNCTIONS[name](x + side * move) - FUNCTIONS[name](x)) / (side * step) for side in (1, -1))
        assert abs(ahead - right[place]) < 1e-4 and abs(behind - right[place]) < 1e-4


def test_only_a_wrong_slope_is_marked() -> None:
    question = SMOOTH["kink.cumulative_product"]
    assert answered(question, {"value": np.array([9.0, 0.0, 0.0], np.float32)}).text == "9, 0, 0"
    assert answered(question, {"value": np.array([0.0, 0.0, 0.0])}).text == f"0, 0, 0{WRONG}"
    assert answered(question, {"value": np.array([np.nan, 0.0, 0.0])}).text == f"nan, 0, 0{WRONG}"
    kink = next(one for one in QUESTIONS if one.name == "kink.relu")
    assert answered(kink, {"value": np.array([0.7])}).text == "0.7"


def test_a_framework_that_is_wrong_has_a_remedy_of_its_own() -> None:
    """Advice that gives every framework one number counts; advice for another framework does not."""
    keys = {(one.framework, one.key) for one in remedies()}
    wrong = [
        (row.name, framework)
        for row in atlas.read(REPORTS / "data" / "atlas.json")[0]
        for framework, answer in row.answers.items()
        if answer.text.endswith(WRONG) and framework in FRAMEWORKS
    ]
    assert ("kink.cumulative_product", "keras") in wrong
    for name, framework in wrong:
        assert [key for owner, key in keys if owner == framework and key.partition("@")[0] == name], f"{framework} {name}"


@pytest.mark.parametrize(("value", "text"), [(1 / 3, repr(1 / 3)), (2.0**-23, repr(2.0**-23)), (1.414, "1.414"), (0.1, "0.1")])
def test_a_default_is_written_as_the_number_that_it_is(value: float, text: str) -> None:
    """Six digits of 1/3 are another number: `LinearLR(start_factor=0.333333)` is no default."""
    assert written(value) == text and float(written(value)) == value


def test_what_is_nearly_right_is_not_the_same() -> None:
    there = np.array([0.5, -0.25])
    assert same("adagrad.epsilon", there.astype(np.float32), there)
    assert same("adagrad.epsilon", there * (1 + budgets.ADVICE / 2), there)
    for other in (there * 1.002, there[:1], np.array([0.5, np.nan]), np.array([0.5, np.inf]), -there):
        assert not same("adagrad.epsilon", other, there)
    assert same("kink.norm", np.array([np.nan, 1.0]), np.array([np.nan, 1.0]))
    assert not same("kink.norm", np.array([1e-9]), np.array([0.0]))


def test_draws_are_the_same_where_their_distribution_is() -> None:
    numbers = np.random.RandomState(0)
    draws = [numbers.uniform(-0.05, 0.05, (100, 301)) for _ in range(2)]
    assert same("embedding.table", *draws)
    assert not same("embedding.table", draws[0], draws[1] * 1.1)
    assert not same("embedding.table", draws[0] * 7, draws[1] * 7), "without a name nothing is the same"
