"""Formulas that are well written and have no value: told with the spec, at their place, before anything runs."""

from __future__ import annotations

import pytest

from parity.spec import specs
from parity.spec.mistakes import SpecError

OPTIMIZER = "name: o\nsource: t\nhyperparameters: {{learning_rate: 0.5}}\nstate: {{m: 0}}\nupdate:\n  m: g\n  w: {}\n"
INITIALIZER = "name: i\nsource: t\ndistribution: uniform\nlimit: {}\n"
SCHEDULE = "name: s\nsource: t\nhyperparameters: {{learning_rate: 0.5}}\nfactor: {}\n"


def said(text: str) -> list[str]:
    try:
        specs.parse(text, "u.yaml")
    except SpecError as error:
        return [str(mistake) for mistake in error.mistakes]
    return []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OPTIMIZER.format("w - learning_rate*m/0"), "u.yaml:7:10: division by zero (step t = 1)"),
        (OPTIMIZER.format("w - learning_rate*m/(t - 2)"), "u.yaml:7:10: division by zero (step t = 2)"),
        (OPTIMIZER.format("w - m*sqrt(-learning_rate)"), "u.yaml:7:12: `sqrt(-0.5)` has no value (step t = 1)"),
        (OPTIMIZER.format("w - m*norm(learning_rate)"), "u.yaml:7:12: `norm` is asked of a plain number (step t = 1)"),
        (
            OPTIMIZER.format("learning_rate").replace("state: {m: 0}\n", "").replace("  m: g\n", ""),
            "u.yaml:5:6: the new `w` is the same number whatever `w`, `g` and the state are",
        ),
        (INITIALIZER.format("1/(fan_in - fan_in)"), "u.yaml:4:8: division by zero (fan_in 5, fan_out 3)"),
        (INITIALIZER.format("3 - fan_in"), "u.yaml:4:8: `3 - fan_in` is -2, not a positive number (fan_in 5, fan_out 3)"),
        (INITIALIZER.format("exp(fan_in*200)"), "u.yaml:4:8: `exp(1000)` has no value (fan_in 5, fan_out 3)"),
        (INITIALIZER.format("norm(fan_in)"), "u.yaml:4:8: function `norm` is not available here (fan_in 5, fan_out 3)"),
        (SCHEDULE.format("1/(t - 7)"), "u.yaml:4:9: division by zero (step t = 7)"),
        (SCHEDULE.format("log(t)"), "u.yaml:4:9: `log(0)` has no value (step t = 0)"),
        (SCHEDULE.format("10.0**(300 + t)"), "u.yaml:4:9: the number is too large (step t = 9)"),
    ],
)
def test_a_formula_without_a_value_is_told_once_at_its_place(text: str, expected: str) -> None:
    assert said(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        OPTIMIZER.format("w - learning_rate*m/(sqrt(g*g) + t)"),
        OPTIMIZER.format("w - learning_rate*(m - g)**0.5/norm(g)"),
        OPTIMIZER.format("w - learning_rate*newton_schulz(m, 3.4445, -4.775, 2.0315, 5)*maximum(1, t)"),
        OPTIMIZER.format("w*(1 - learning_rate) - min(m, g)/max(t, 1) % 3 // m + t/g - 2**m"),
        INITIALIZER.format("log(1 + fan_in)/exp(tanh(fan_out)) + sigmoid(1) + sign(fan_in)"),
        SCHEDULE.format("1/sqrt(1 + t)*cos(0)"),
    ],
)
def test_a_formula_that_has_a_value_is_let_through(text: str) -> None:
    assert said(text) == []


def test_a_distribution_that_is_none_hides_no_mistake_of_the_formula() -> None:
    text = "name: i\nsource: t\ndistribution: unifrm\nlimit: sqrt(6/fan_inn)\n"
    assert [line.split(":")[1:3] for line in said(text)] == [["3", "15"], ["4", "15"]]
