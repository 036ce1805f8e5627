"""Warm-ups of four kinds, by their change points."""

from __future__ import annotations

import numpy as np
import pytest

from parity.judgement import steadiness


def steps(*levels: tuple[int, float], noise: float = 0.02, seed: int = 0) -> list[float]:
    numbers = np.random.RandomState(seed)
    return [level * float(np.exp(noise * numbers.standard_normal())) for count, level in levels for _ in range(count)]


@pytest.mark.parametrize(
    ("levels", "kind"),
    [
        (((60, 1e6),), "flat"),
        (((60, 1e6), (40, 1.02e6)), "flat"),
        (((20, 3e6), (60, 1e6)), "warming"),
        (((20, 3e6), (20, 2e6), (60, 1e6)), "warming"),
        (((40, 1e6), (40, 1.3e6)), "slowing"),
        (((20, 3e6), (30, 1e6), (40, 1.3e6)), "slowing"),
        (((90, 1e6), (6, 2e6)), "no steady state"),
        (((4, 1e6),), "flat"),
    ],
)
def test_a_warm_up_is_of_its_kind_whatever_the_noise(levels: tuple[tuple[int, float], ...], kind: str) -> None:
    assert {steadiness.kind(steps(*levels, seed=seed)) for seed in range(10)} == {kind}


def test_one_slow_step_is_no_change() -> None:
    times = steps((80, 1e6))
    times[30] = 50e6
    assert steadiness.kind(times) == "flat"


def test_equal_steps_are_flat() -> None:
    assert steadiness.kind([1e6] * 50) == "flat"
    assert steadiness.change_points([5.0] * 50) == []
    assert steadiness.change_points([5.0] * 20 + [9.0] * 20) == [20]
