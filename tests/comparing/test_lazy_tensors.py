"""Tensors that are made when they are looked at: the same numbers, and of large ones only the latest are held."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from parity.comparing.lazy_tensors import HELD, SMALL, LazyTensors

LARGE = SMALL // 8 + 1
"""Numbers in float64 that are more than a small tensor."""


def test_it_gives_what_it_makes_and_nothing_else() -> None:
    made = LazyTensors(("float64", "float32"), lambda dtype: np.ones(3, dtype))
    assert list(made) == ["float64", "float32"] and len(made) == 2
    assert all(made[dtype].dtype == dtype for dtype in made)
    with pytest.raises(KeyError):
        made["float16"]


def test_a_small_tensor_is_made_once() -> None:
    asked: list[str] = []

    def make(dtype: str) -> np.ndarray:
        asked.append(dtype)
        return np.ones(3, dtype)

    many = [LazyTensors(("float64",), make) for _ in range(HELD + 3)]
    for _ in range(2):
        assert all(one["float64"].sum() == 3 for one in many)
    assert len(asked) == len(many)


def test_of_large_tensors_the_latest_are_held() -> None:
    made: list[weakref.ref[np.ndarray]] = []

    def make(dtype: str) -> np.ndarray:
        array = np.ones(LARGE, dtype)
        made.append(weakref.ref(array))
        return array

    many = [LazyTensors(("float64",), make) for _ in range(3 * HELD)]
    for one in many:
        assert one["float64"].size == LARGE
        assert sum(one() is not None for one in made) <= HELD
    assert many[0]["float64"].sum() == LARGE
