"""The streams and the functions beneath them: right to their stated last places, and the same on every processor."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Context, Decimal
from pathlib import Path

import numpy as np
import pytest

from parity.trials import streams

DIGITS = Context(prec=60)
NUMBERS = np.random.RandomState(1)
SCRIPT = Path(__file__).with_name("processor_digests.py")


def places(function: Callable[[np.ndarray], np.ndarray], exact: Callable[[Decimal], Decimal], x: np.ndarray) -> np.ndarray:
    """How many last places each value lies from the exact one."""
    found = function(x)
    apart = [abs(Decimal(float(y)) - exact(Decimal(float(one)))) for y, one in zip(found, x, strict=True)]
    return np.array([float(one / Decimal(float(np.spacing(abs(y))))) for one, y in zip(apart, found, strict=True)])


@pytest.mark.parametrize("x", [NUMBERS.uniform(0, 1, 2000), 1 - NUMBERS.uniform(0, 1e-3, 500), np.logspace(-300, 300, 500)])
def test_the_logarithm_is_right_to_three_last_places(x: np.ndarray) -> None:
    assert places(streams.log, DIGITS.ln, x).max() < 3


@pytest.mark.parametrize("size", [1, 7, 290])
def test_a_power_of_ten_is_right_to_its_last_places(size: int) -> None:
    x = NUMBERS.uniform(-size, size, 1000)
    assert places(streams.power_of_ten, lambda one: DIGITS.power(10, one), x).max() < 5 * size


def test_the_sine_is_right() -> None:
    x = NUMBERS.uniform(-20, 20, 5000)
    assert np.abs(streams.sine(x) - np.sin(x)).max() <= 4.5e-16  # 3e-16, and NumPy's own last place


def test_a_stream_is_numpys_but_for_last_places() -> None:
    ours, theirs = streams.Stream(5), np.random.RandomState(5)
    for size in (3, (4, 5), 1, (), 7, (70_001,), 0, 2, 1):
        mine, other = np.asarray(ours.standard_normal(size)), np.asarray(theirs.standard_normal(size))
        assert mine.shape == other.shape and (np.abs(mine - other) <= 4 * np.spacing(np.abs(other))).all()
    np.testing.assert_array_equal(ours.uniform(-3, 5, (100,)), theirs.uniform(-3, 5, (100,)))
    assert ours.randint(1000) == theirs.randint(1000)


def test_columns_are_orthonormal_with_a_positive_diagonal() -> None:
    tall = NUMBERS.standard_normal((61, 53))
    q = streams.orthonormal_columns(tall)
    np.testing.assert_allclose(q.T @ q, np.eye(53), atol=1e-14)
    upper = q.T @ tall
    np.testing.assert_allclose(np.tril(upper, -1), 0, atol=1e-12)
    assert (np.diag(upper) > 0).all()


def dispatched() -> list[str]:
    """The instruction sets beyond its baseline that NumPy uses on this processor."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return [name for name in __cpu_dispatch__ if __cpu_features__[name]]


def test_every_processor_draws_the_same_numbers() -> None:
    """The digests with NumPy's and the C library's fastest instructions, and with their plainest."""
    plain = {
        "NPY_DISABLE_CPU_FEATURES": " ".join(dispatched()),
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2,-AVX512F",
        "OPENBLAS_CORETYPE": "Prescott",
    }
    best = {name: value for name, value in os.environ.items() if name not in plain}
    told = [
        subprocess.run([sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, check=True).stdout
        for environment in (best, best | plain)
    ]
    assert told[0].count("\n") > 40 and told[0] == told[1]
