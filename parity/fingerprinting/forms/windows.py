"""Owns the closed forms of windows along a row: pooling with its divisors, and the sides of padding.

It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from parity.fingerprinting.forms.form import Array, Arrays, Form

POOLED: Arrays = {
    "seven": np.array([-2.0, 3.0, -5.0, 7.0, -1.0, -4.0, -6.0]),
    "eight": np.array([-3.0, -7.0, 2.0, 5.0, -8.0, 1.0, 4.0, -6.0]),
}
SIDES = ("the end", "the start", "neither")
"""The side that gets the odd element of `same` padding; neither: the element is omitted."""


def padding(length: int, kernel: int, stride: int, setting: str, side: str) -> tuple[int, int]:
    """How many elements a setting adds before and after a row."""
    if "padded" in setting:
        return 1, 1
    if "same" not in setting:
        return 0, 0
    total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    half = total // 2
    return {"the end": (half, total - half), "the start": (total - half, half), "neither": (half, half)}[side]


def windows(row: Array, kernel: int, stride: int, around: tuple[int, int], ceil: bool) -> list[tuple[Array, int]]:
    """For each window: the row's elements in it, and the number of its elements that lie on the row or its padding."""
    before, after = around
    room = len(row) + before + after - kernel
    count = (-(-room // stride) if ceil else room // stride) + 1
    patches = []
    for place in range(count):
        start = place * stride - before
        inside = row[max(start, 0) : start + kernel]
        patches.append((inside, min(start + kernel, len(row) + after) - start))
    return patches


Pool = Callable[[Array, int, int], Any]
POOLS: Mapping[str, Pool] = {
    "the greatest": lambda inside, reached, kernel: np.max(inside, initial=-np.inf),
    "the greatest, padding counts as 0": lambda inside, reached, kernel: np.max(
        inside, initial=0.0 if len(inside) < kernel else -np.inf
    ),
    "the mean, divided by the elements that are there": lambda inside, reached, kernel: inside.sum() / len(inside),
    "the mean, divided by elements and padding, but not by what lies beyond": lambda inside, reached, kernel: (
        inside.sum() / reached
    ),
    "the mean, divided by the window's size": lambda inside, reached, kernel: inside.sum() / kernel,
    "the sum": lambda inside, reached, kernel: inside.sum(),
    "the root of the sum of squares": lambda inside, reached, kernel: np.sqrt((inside**2).sum()),
}
"""Name -> value of a window, from its elements, the number of them on the row or its padding, and its size."""

POOLINGS = ("plain", "padded", "same", "ceil", "padded and ceil")


def library(arrays: Arrays) -> Mapping[str, list[Form]]:
    return {"pools": list(pools(arrays))}


def pools(arrays: Arrays) -> Iterator[Form]:
    """Forms for a window of 3 at stride 2; the sides of padding differ only if `same` was driven."""
    for name, pool in POOLS.items():
        for side in SIDES if same_was_seen(arrays) else SIDES[:1]:
            expected = {
                f"{setting}/{row}": np.array(
                    [pool(*window, 3) for window in windows(x, 3, 2, padding(len(x), 3, 2, setting, side), "ceil" in setting)]
                )
                for setting in POOLINGS
                for row, x in POOLED.items()
            }
            yield Form(name + sided(arrays, side), expected)


def same_was_seen(arrays: Arrays) -> bool:
    return any(name.startswith("same") for name in arrays)


def sided(arrays: Arrays, side: str) -> str:
    return f"; `same` adds the odd one at {side}" if same_was_seen(arrays) else ""
