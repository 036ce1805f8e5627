"""The table of budgets: right results stay within, wrong ones do not, and each constant means what its docstring says."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import pytest
import single_op_budgets

from parity.judgement import budgets

FLOAT32 = budgets.roundoff("float32")


def products(length: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A float32 matrix product, its float64 value and Σ|a||b|."""
    numbers = np.random.RandomState(seed)
    a = numbers.standard_normal((7, length)).astype(np.float32)
    b = numbers.standard_normal((length, 11)).astype(np.float32)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    return a @ b, exact, np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_unit_roundoff_is_half_the_distance_to_the_next_number(dtype: str) -> None:
    assert budgets.roundoff(dtype) == np.finfo(dtype).eps / 2


def test_unit_roundoff_of_bfloat16_is_that_of_eight_bits() -> None:
    assert budgets.roundoff("bfloat16") == 2.0**-8


@pytest.mark.parametrize("length", [1, 2, 16, 257, 4099, 16384])
def test_one_op_takes_every_right_product(length: int) -> None:
    for seed in range(5):
        got, exact, magnitudes = products(length, seed)
        assert (np.abs(got - exact) <= single_op_budgets.one_op(exact, magnitudes, length, FLOAT32)).all()


@pytest.mark.parametrize("length", [2, 16, 257, 4099])
def test_one_op_refuses_a_product_in_half_precision(length: int) -> None:
    _, exact, magnitudes = products(length, 1)
    half = exact.astype(np.float16)
    assert not (np.abs(half - exact) <= single_op_budgets.one_op(exact, magnitudes, length, FLOAT32)).all()


def test_a_fixed_tolerance_fails_on_the_same_products() -> None:
    """Why there is no fixed tolerance: the default of assert_allclose style tests rejects right products of length 16,384."""
    got, exact, _ = products(16384, 0)
    assert not (np.abs(got - exact) <= 1e-5 + 1.3e-6 * np.abs(exact)).all()


def test_one_op_has_the_hard_ceiling_of_n_roundoffs() -> None:
    one = np.ones(1)
    assert single_op_budgets.one_op(0 * one, one, 4, FLOAT32) == 4 * FLOAT32
    assert single_op_budgets.one_op(0 * one, one, 10000, FLOAT32) == 400 * FLOAT32


def test_shadowed_has_a_floor_where_shadows_are_right_by_luck() -> None:
    reference = np.array([3.0, -4.0])
    budget = budgets.shadowed(reference, budgets.spread(reference, [reference, reference]), FLOAT32)
    assert budget.maximum == 4 * FLOAT32 * 4.0
    assert budget.rms == pytest.approx(4 * FLOAT32 * sqrt(12.5))


def test_shadowed_takes_the_worst_shadow() -> None:
    reference = np.array([1.0, 1.0])
    shadows = [reference + np.array([1e-3, 0]), reference + np.array([-2e-3, 0])]
    assert budgets.shadowed(reference, budgets.spread(reference, shadows), FLOAT32).maximum == pytest.approx(8e-3)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_rms_neither_overflows_nor_vanishes(scale: float) -> None:
    assert budgets.rms(np.array([3.0, 4.0]) * scale) == pytest.approx(sqrt(12.5) * scale)


def test_rms_of_nothing_and_of_what_is_not_finite() -> None:
    assert budgets.rms(np.zeros(0)) == 0
    assert np.isinf(budgets.rms(np.array([np.inf, 1.0])))


@pytest.mark.parametrize("op", ["tanh", "sigmoid"])
def test_elementwise_functions_stay_within_their_ulps(op: str) -> None:
    x = np.random.RandomState(3).uniform(-8, 8, 10_000).astype(np.float32)
    wide = x.astype(np.float64)
    got, exact = {
        "tanh": (np.tanh(x), np.tanh(wide)),
        "sigmoid": (1 / (1 + np.exp(-x)), 1 / (1 + np.exp(-wide))),
    }[op]
    assert got.dtype == np.float32
    assert (np.abs(got - exact) <= single_op_budgets.ulps(exact, single_op_budgets.ELEMENTWISE_ULPS[op], FLOAT32)).all()


def test_an_ulp_is_the_distance_of_neighbours() -> None:
    x = np.array([1.0, 1.5, 2.0, 0.75, 100.0])
    assert np.array_equal(single_op_budgets.ulps(x, 1.0, FLOAT32), np.spacing(x.astype(np.float32)).astype(np.float64))


def test_deviations_have_the_level_that_they_claim() -> None:
    outside = 1 - erf(budgets.deviations() / sqrt(2))
    assert outside == pytest.approx(budgets.FALSE_ALARM, rel=1e-3)
    assert budgets.deviations(10) > budgets.deviations()


def test_distribution_distance_shrinks_like_the_root_of_n() -> None:
    assert budgets.distribution_distance(400) == pytest.approx(budgets.distribution_distance(100) / 2)
    assert 2 * np.exp(-2 * 100 * budgets.distribution_distance(100) ** 2) == pytest.approx(budgets.FALSE_ALARM)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_orthogonality_takes_lapack(dtype: str) -> None:
    for seed in range(20):
        q, _ = np.linalg.qr(np.random.RandomState(seed).standard_normal((195, 29)).astype(dtype))
        wide = 1.5 * q.astype(np.float64)
        error = np.abs(wide.T @ wide - 2.25 * np.eye(29)).max()
        assert error <= budgets.orthogonality((195, 29), 1.5, budgets.roundoff(dtype))
