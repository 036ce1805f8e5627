"""A network's few steps show every fault of applying an optimizer that twenty show; an optimizer's own faults show alone.

tests/judgement/test_formula_mutants.py holds that every mutant of every rule is caught where the optimizer is judged alone.
"""

from __future__ import annotations

import inspect
from functools import cache

import applying
import pytest
from judged import Trial, classifier, trial
from numerical import Right
from reference_framework import Implementation

from parity.judgement.agreement import STEP_TRIES
from parity.judgement.verdicts import GREEN, worst
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.trials import rules, selection
from parity.trials.networks import LARGE_STEPS, NETWORK_STEPS, STEPS, steps_of
from parity.trials.trial import Options

FAULTS = {
    name: fault
    for name, fault in inspect.getmembers(applying, inspect.isclass)
    if issubclass(fault, Implementation) and fault is not Implementation
}


@cache
def on(dtype: str, steps: int, optimizer: str = "adam") -> Trial:
    return trial("classifier", classifier(), dtype, optimizer, steps=steps)


def updates(framework: Implementation, dtype: str, steps: int, optimizer: str = "adam") -> str:
    found = on(dtype, steps, optimizer).comparisons(framework)
    return worst(one.verdict for one in found if one.quantity == "update")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("steps", [LARGE_STEPS, NETWORK_STEPS])
def test_the_right_framework_is_green_in_few_steps(dtype: str, steps: int) -> None:
    assert updates(Right(), dtype, steps) in GREEN


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_applying_shows_in_a_networks_steps_as_in_twenty(name: str) -> None:
    assert updates(FAULTS[name](), "float64", STEPS) not in GREEN, "it is no fault"
    for dtype in ("float64", "float32"):
        for steps in (LARGE_STEPS, NETWORK_STEPS):
            assert updates(FAULTS[name](), dtype, steps) not in GREEN, (dtype, steps)


@pytest.mark.parametrize("name", FAULTS)
def test_one_step_does_not_show_them(name: str) -> None:
    """So that the faults above are of applying from step to step, and no others."""
    if name != "StateInOtherPrecision":
        assert updates(FAULTS[name](), "float64", 1) in GREEN


def test_an_optimizer_alone_keeps_all_its_steps() -> None:
    (first, *_) = rules.optimizer_trials(selection.optimizer("adam_then_sgd"), Options())
    assert first.case.steps == STEPS == 20


def test_a_networks_steps_reach_every_later_step_that_is_tried() -> None:
    lenet = language.load("architectures/lenet")
    assert isinstance(lenet, language.Architecture)
    assert steps_of(expand(lenet, "small"), "small") == NETWORK_STEPS > STEP_TRIES
