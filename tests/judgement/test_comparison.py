"""Every verdict that one tensor can have, from arrays made for it; the order of verdicts; the exit status."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from parity.judgement import comparison, verdicts
from parity.judgement.budgets import Spread, roundoff, spread
from parity.judgement.comparison import Finding, judge, judge_bits, judge_elements
from parity.spec.cases import Case

U = roundoff("float32")
REFERENCE = np.random.RandomState(0).standard_normal((3, 5))
SHADOWS = spread(REFERENCE, [REFERENCE.astype(np.float32).astype(np.float64) * (1 + share * U) for share in (1, -1, 2, -2)])
CASE = Case(spec="lenet", task="agreement", dtype="float32")


def broken(value: float) -> np.ndarray:
    array = REFERENCE.astype(np.float32)
    array[1, 2] = value
    return array


@pytest.mark.parametrize(
    ("name", "got", "verdict", "where"),
    [
        ("rounded once", REFERENCE.astype(np.float32), "exact", None),
        ("two roundoffs off", (REFERENCE * (1 + 2 * U)).astype(np.float32), "agrees", None),
        ("one element off", broken(0.5), "differs", "[1, 2]"),
        ("half precision", REFERENCE.astype(np.float16).astype(np.float32), "differs", None),
        ("all a little off", (REFERENCE + 20 * U).astype(np.float32), "differs", None),
        ("zeros", np.zeros((3, 5), np.float32), "differs", None),
        ("nan", broken(np.nan), "nonfinite", "[1, 2]"),
        ("inf", broken(np.inf), "nonfinite", "[1, 2]"),
        ("transposed", REFERENCE.astype(np.float32).T, "differs", ""),
        ("one axis more", REFERENCE.astype(np.float32)[None], "differs", ""),
        ("nothing", None, "differs", ""),
        ("words", np.full((3, 5), "x"), "differs", ""),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else None,
)
def test_tensor(name: str, got: np.ndarray | None, verdict: str, where: str | None) -> None:
    found = judge(got, REFERENCE, SHADOWS, U)
    assert found.verdict == verdict
    assert where is None or found.where == where


def test_error_and_budget_are_those_of_the_norm_that_is_worse_off() -> None:
    """A spread of small errors fails in RMS alone."""
    reference = np.ones(10_000)
    shadow = reference.copy()
    shadow[0] += 1e-4
    got = reference + 1e-5
    found = judge(got, reference, spread(reference, [shadow]), roundoff("float64"))
    assert found.verdict == "differs"
    assert found.error == pytest.approx(1e-5)
    assert found.budget == pytest.approx(4e-6)


def test_nan_never_agrees_even_where_the_reference_is_nan() -> None:
    reference = np.array([1.0, np.nan])
    assert judge(reference.copy(), reference, spread(reference, [reference]), U).verdict == "nonfinite"


def test_zero_everywhere_is_mistrusted_but_only_if_it_came_out_so() -> None:
    zero = np.zeros(3)
    assert judge(zero.copy(), zero, Spread(), U).verdict == "mistrusted"
    assert judge(zero + 1e-30, zero, Spread(), U).verdict == "differs"


def test_a_tensor_without_elements_is_not_compared() -> None:
    empty = np.zeros((0, 3))
    assert judge(empty, empty, Spread(), U).verdict == "not_compared"


def test_elements_name_the_one_that_used_most_of_its_budget() -> None:
    reference, budget = np.array([1.0, 100.0]), np.array([1e-6, 1e-3])
    found = judge_elements(np.array([1.0 + 2e-6, 100.0005]), reference, budget)
    assert (found.verdict, found.where) == ("differs", "[0]")
    assert found.error == pytest.approx(2e-6)
    assert judge_elements(np.array([1.0, 100.0005]), reference, budget).verdict == "agrees"
    assert judge_elements(reference.copy(), reference, 0 * budget).verdict == "exact"
    assert judge_elements(np.array([np.nan, 1.0]), reference, budget).verdict == "nonfinite"


def test_bits() -> None:
    expected = np.array([1.0, 2.0], np.float32)
    assert judge_bits(expected.copy(), expected).verdict == "exact"
    assert judge_bits(np.nextafter(expected, np.float32(9)), expected).where == "[1]"
    assert judge_bits(None, expected).verdict == "differs"
    assert judge_bits(np.array([1.0, np.nan], np.float32), expected).verdict == "differs"


def test_compared_without_a_number_differs() -> None:
    assert comparison.compared(CASE, "sample", "mean", None, 1.0).verdict == "differs"
    assert comparison.compared(CASE, "sample", "mean", float("nan"), 1.0).verdict == "differs"
    assert comparison.compared(CASE, "sample", "mean", 1.0, 1.0).verdict == "agrees"


def test_a_comparison_knows_its_case_and_then_its_framework() -> None:
    one = comparison.named(CASE, "loss", "loss", Finding("agrees", 1.0, 4.0))
    assert (one.case, one.dtype, one.device, one.used) == (CASE.id, "float32", "cpu", 0.25)
    assert comparison.by(one, "torch", "2.13").framework == "torch"
    assert comparison.named(CASE, "loss", "loss", Finding("differs", 1.0, 0.0)).used == float("inf")
    assert comparison.named(CASE, "loss", "loss", Finding("differs")).used is None


def test_the_worst_verdict_wins_in_any_order() -> None:
    for order in permutations(["agrees", "not_compared", "mistrusted"]):
        assert verdicts.worst(order) == "mistrusted"
    assert verdicts.worst([]) == "not_compared"
    assert verdicts.worst(["exact", "agrees"]) == "agrees"


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (["exact", "agrees", "documented_difference", "unsupported"], 0),
        (["agrees", "not_compared"], 3),
        (["not_compared", "differs"], 1),
        (["reduced_precision"], 1),
        (["nonfinite"], 1),
        (["nondeterministic"], 1),
        (["mistrusted"], 1),
        ([], 5),
    ],
    ids=lambda value: "+".join(value) or "none" if isinstance(value, list) else str(value),
)
def test_exit_status(found: list[str], status: int) -> None:
    assert verdicts.exit_status(found) == status


def test_an_unknown_verdict_is_a_fault() -> None:
    with pytest.raises(KeyError):
        verdicts.exit_status(["fine"])


@pytest.mark.parametrize("outcome", verdicts.OUTCOMES[1:])
def test_what_did_not_run_was_not_compared(outcome: str) -> None:
    assert verdicts.of_outcome(outcome) == ("unsupported" if outcome == "unsupported" else "not_compared")
