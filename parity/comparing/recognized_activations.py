"""Owns the functions that models apply between layers (activations, pooling), recognized by their inputs and outputs.

It refuses to name a function that does not explain every number: a slope is fitted to one number and tested on all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors
from parity.judgement import budgets

Array = npt.NDArray[Any]
Function = Callable[[Array], Array]

SHADOW = budgets.SHADOW
IMAGE = 4
"""Number of axes of a batch of images."""

HELD = "held in float32"
"""End of a function's name if a framework holds a constant in float32 in a float64 run: its own way, and nobody's mistake."""

ALIKE = ("relu", "relu6")
"""Functions that are equal where no number is above 6: then both are named."""
OR = " or "

WINDOWS, STRIDES, PADS = (2, 3, 4, 5), (1, 2, 3, 4), (0, 1, 2)
"""Settings of pooling that are tried."""

DIGITS = 6
"""Significant digits of a slope as people write it. A slope that differs from such a number only by the rounding of float32
is held in float32."""


def _erf_gelu(root: float) -> Function:
    return lambda x: np.asarray(x * (1 + np.vectorize(math.erf)(x / root)) / 2)


def _tanh_gelu(cubed: float) -> Function:
    return lambda x: np.asarray(x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + cubed * x**3))) / 2)


ELEMENTWISE: Mapping[str, Function] = {
    "none": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "gelu (erf)": _erf_gelu(math.sqrt(2)),
    f"gelu (erf), √2 {HELD}": _erf_gelu(float(np.float32(math.sqrt(2)))),
    f"gelu (erf), √½ {HELD}": _erf_gelu(1 / float(np.float32(math.sqrt(0.5)))),
    "gelu (tanh)": _tanh_gelu(0.044715),
    f"gelu (tanh), 0.044715 {HELD}": _tanh_gelu(float(np.float32(0.044715))),
    "gelu (sigmoid, x·σ(1.702x))": lambda x: x / (1 + np.exp(-1.702 * x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(x, 0),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "hard swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "hard sigmoid (slope 1/6)": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard sigmoid (slope 0.2)": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
}


def named(before: Array, after: Array, limit: float) -> str:
    """The function that turns `before` into `after` within the limit everywhere; "" if none is known.

    If float32 holds every number of `after` but not of `before`, the framework computed in float32: the limit is then wider.
    """
    if before.shape != after.shape:
        with np.errstate(all="ignore"):
            return _pooled(before, after, limit)
    with np.errstate(all="ignore"):
        misses = {name: judged_tensors.distance(function(before), after) for name, function in _candidates(before, after)}
    nearest = min(misses, key=lambda name: misses[name])
    if misses[nearest] <= limit:
        return OR.join(
            name for name in misses if name == nearest or (nearest in ALIKE and name in ALIKE and misses[name] <= limit)
        )
    if not np.array_equal(after, after.astype(np.float32)) or np.array_equal(before, before.astype(np.float32)):
        return ""
    nearest = min((name for name in misses if HELD not in name), key=lambda name: misses[name])
    coarse = SHADOW * budgets.roundoff("float32") * budgets.greatest(before)
    return f"{nearest}, its numbers {HELD}" if misses[nearest] <= coarse else ""


def apart(first: str, second: str) -> bool:
    """Whether two names of functions are known and cannot mean the same function."""
    return bool(first and second) and not set(first.split(OR)) & set(second.split(OR))


def _candidates(before: Array, after: Array) -> Iterator[tuple[str, Function]]:
    yield from ELEMENTWISE.items()
    yield from _bent(before, after)
    for axis in range(before.ndim):
        yield f"softmax over axis {axis}", lambda x, axis=axis: _softmax(x, axis)  # type: ignore[misc]
        yield f"log softmax over axis {axis}", lambda x, axis=axis: np.log(_softmax(x, axis))  # type: ignore[misc]


def _bent(before: Array, after: Array) -> Iterator[tuple[str, Function]]:
    """Leaky relu and elu, with the slope that explains the most negative number."""
    if not before.size or before.min() >= 0:
        return
    place = np.unravel_index(int(np.argmin(before)), before.shape)
    slopes = {"leaky relu": float(after[place] / before[place]), "elu": float(after[place] / np.expm1(before[place]))}
    for name, slope in slopes.items():
        if slope == 0 or not math.isfinite(slope):
            continue
        for written, value in _as_written(slope):
            made: Mapping[str, Function] = {
                "leaky relu": lambda x, value=value: np.where(x > 0, x, value * x),  # type: ignore[misc]
                "elu": lambda x, value=value: np.where(x > 0, x, value * np.expm1(np.minimum(x, 0))),  # type: ignore[misc]
            }
            yield f"{name} ({written})", made[name]


def _as_written(slope: float) -> Iterator[tuple[str, float]]:
    """Texts and values of a slope: as a person writes it, that number in float32, and the slope as measured."""
    written = float(f"{slope:.{DIGITS}g}")
    yield f"{written:g}", written
    if float(np.float32(written)) != written:
        yield f"{written:g} {HELD}", float(np.float32(written))
    if abs(slope - written) > 1e-5 * abs(written):
        yield f"{slope:.9g}", slope


def _softmax(x: Array, axis: int) -> Array:
    powers = np.exp(x - x.max(axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis, keepdims=True))


def _pooled(before: Array, after: Array, limit: float) -> str:
    """The pooling of images, or of an activation's output, that gives `after`, flattened or not; "" if none does. The padding
    may differ between the start and the end of an axis.

    A flattened image has its channels first, as layer_mapping.py arranges it."""
    if before.ndim != IMAGE or len(before) != len(after) or (after.ndim == IMAGE and before.shape[1] != after.shape[1]):
        return ""
    whole = [item for item in product(WINDOWS, STRIDES, PADS, PADS) if _fits(before, after, item)]
    small = after.size == before.shape[0] * before.shape[1]
    if not whole and not small:
        return ""
    for first, function in ELEMENTWISE.items():
        image, prefix = function(before), "" if first == "none" else f"{first}, "
        made: dict[str, Array] = (
            {"global average pool": image.mean((2, 3)), "global max pool": image.max((2, 3))} if small else {}
        )
        for item in whole:
            made |= _pools(image, *item)
        for name, pooled in made.items():
            if judged_tensors.distance(pooled, after.reshape(pooled.shape)) <= limit:
                return prefix + name
    return ""


def _fits(before: Array, after: Array, pooling: tuple[int, int, int, int]) -> bool:
    window, stride, start, end = pooling
    sizes = tuple((size + start + end - window) // stride + 1 for size in before.shape[2:])
    if max(start, end) >= window or min(sizes) < 1:
        return False
    return after.shape[2:] == sizes if after.ndim == IMAGE else after.size == math.prod((*before.shape[:2], *sizes))


def _pools(image: Array, window: int, stride: int, start: int, end: int) -> dict[str, Array]:
    border = [(0, 0), (0, 0), (start, end), (start, end)]

    def windows(array: Array, fill: float) -> Array:
        padded = np.pad(array, border, constant_values=fill)
        return np.lib.stride_tricks.sliding_window_view(padded, (window, window), (2, 3))[:, :, ::stride, ::stride]

    total, window_text = windows(image, 0).sum((-2, -1)), f"pool {window}, stride {stride}, padding ({start}, {end})"
    pools = {
        f"max {window_text}": windows(image, -np.inf).max((-2, -1)),
        f"average {window_text}": total / windows(np.ones_like(image), 0).sum((-2, -1)),
    }
    return {**pools, f"average {window_text} that counts": total / window**2} if start or end else pools
