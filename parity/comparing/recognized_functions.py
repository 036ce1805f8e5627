"""Owns the names of functions that one step of code applies to a value: padding, resizing, norms, means, a sequence's steps.

It refuses a name that does not explain every number; functions.py has activations and pooling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors, recognized_activations

Array = npt.NDArray[Any]
IMAGE = 4
EPSILONS = (0.0, 1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12)
REDUCED: dict[str, Callable[..., Array]] = {"mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min}
FITTED = ("times", "clipped")
"""Beginnings of names whose function is fitted to the numbers. Such a function may explain any layer by chance."""
NORMS = ("normalized", "root mean square")


def named(before: Array, after: Array, limit: float) -> str:
    """The function that turns `before` into `after`, both with channels first; "" if no known function does."""
    if before.dtype.kind != "f" or after.dtype.kind != "f" or not before.size:
        return ""
    with np.errstate(all="ignore"):
        named_forms = recognized_activations.named(before, after, limit)
        if named_forms and named_forms != "none":
            return named_forms
        for name, made in _made(before, after):
            if made.shape == after.shape and judged_tensors.distance(made, after) <= limit:
                return name
            if name.startswith(NORMS) and _scaled_by_feature(made, after, limit):
                return f"{name}, scaled and shifted"
    return ""


def _made(before: Array, after: Array) -> Iterator[tuple[str, Array]]:
    if before.shape == after.shape:
        yield from _scaled(before, after)
        yield from _normed(before)
        yield from _windows(before)
        for axis in range(1, before.ndim):
            yield f"flipped along axis {axis}", np.flip(before, axis)
    elif before.ndim == after.ndim == IMAGE and before.shape[:2] == after.shape[:2]:
        yield from _padded(before, after)
        yield from _resized(before, after)
    elif after.size < before.size:
        yield from _reduced(before, after)


def _scaled(before: Array, after: Array) -> Iterator[tuple[str, Array]]:
    flat, other = before.reshape(-1), after.reshape(-1)
    if np.ptp(flat) > 0:
        high, low = int(np.argmax(flat)), int(np.argmin(flat))
        slope = float((other[high] - other[low]) / (flat[high] - flat[low]))
        shift = float(other[high] - slope * flat[high])
        said = f"times {slope:.6g}" + (f" plus {shift:.6g}" if abs(shift) > 1e-12 * abs(slope) else "")
        yield said, before * slope + shift
        yield f"clipped to {other.min():.6g} … {other.max():.6g}", np.clip(before, other.min(), other.max())
        for beta in (0.5, 2.0, 3.0, 5.0, 10.0):
            yield f"softplus (beta {beta:g})", np.logaddexp(before * beta, 0) / beta
            yield f"celu ({beta:g})", np.where(before > 0, before, beta * np.expm1(np.minimum(before, 0) / beta))


def _normed(before: Array) -> Iterator[tuple[str, Array]]:
    for count in range(1, before.ndim):
        for axes in combinations(range(before.ndim), count):
            middle = before.mean(axes, keepdims=True)
            variance = before.var(axes, keepdims=True)
            size = np.prod([before.shape[axis] for axis in axes])
            where = f"over axes {axes}"
            length = np.sqrt((before**2).sum(axes, keepdims=True))
            yield f"divided by its length {where}", before / length
            for epsilon in EPSILONS:
                yield f"normalized {where}, epsilon {epsilon:g}", (before - middle) / np.sqrt(variance + epsilon)
                yield f"root mean square norm {where}, epsilon {epsilon:g}", before / np.sqrt(length**2 / size + epsilon)


def _scaled_by_feature(normed: Array, after: Array, limit: float) -> bool:
    """Whether `after` is the norm, scaled and shifted by two numbers for each feature."""
    for axis in {1, normed.ndim - 1}:
        rows, others = (np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1) for array in (normed, after))
        if rows.shape[1] < 3:
            continue
        places = np.arange(len(rows)), rows.argmax(1), rows.argmin(1)
        high, low = (rows[places[0], place] for place in places[1:])
        slope = (others[places[0], places[1]] - others[places[0], places[2]]) / (high - low)
        shift = others[places[0], places[1]] - slope * high
        if judged_tensors.distance(rows * slope[:, None] + shift[:, None], others) <= limit:
            return True
    return False


def _windows(image: Array) -> Iterator[tuple[str, Array]]:
    """Poolings that keep the size of an image, by name."""
    if image.ndim != IMAGE:
        return
    for window in (2, 3, 5, 7):
        for start in {(window - 1) // 2, window // 2}:
            border = [(0, 0), (0, 0), (start, window - 1 - start), (start, window - 1 - start)]

            def windows(array: Array, fill: float, window: int = window, border: Any = border) -> Array:
                padded = np.pad(array, border, constant_values=fill)
                return np.lib.stride_tricks.sliding_window_view(padded, (window, window), (2, 3))

            window_text = f"pool {window}, stride 1, padding ({start}, {window - 1 - start})"
            total = windows(image, 0).sum((-2, -1))
            yield f"average {window_text} that counts the padding", total / window**2
            yield f"average {window_text} that counts no padding", total / windows(np.ones_like(image), 0).sum((-2, -1))
            yield f"max {window_text}", windows(image, -np.inf).max((-2, -1))


def _padded(before: Array, after: Array) -> Iterator[tuple[str, Array]]:
    more = [after.shape[axis] - before.shape[axis] for axis in (2, 3)]
    if min(more) < 0 or max(more) > 16:
        return
    fill = float(after[0, 0, -1, -1])
    corner = float(after[0, 0, 0, 0])
    for top, left in product(range(more[0] + 1), range(more[1] + 1)):
        border = ((0, 0), (0, 0), (top, more[0] - top), (left, more[1] - left))
        border_text = f"padding ({top}, {more[0] - top}), ({left}, {more[1] - left}) before and after each axis"
        for value in dict.fromkeys((0.0, fill, corner)):
            with_value = f", filled with {value:g}" if value else ""
            yield f"{border_text}{with_value}", np.pad(before, border, constant_values=value)
        for mode in ("reflect", "edge", "wrap"):
            if all(pad < size for pads, size in zip(border[2:], before.shape[2:], strict=True) for pad in pads):
                yield f"{border_text}, mode {mode}", np.pad(before, border, mode=mode)


PLACES: Mapping[str, Callable[[int, int], Array]] = {
    "align_corners False (half pixels)": lambda old, new: (np.arange(new) + 0.5) * old / new - 0.5,
    "align_corners True": lambda old, new: np.arange(new) * (old - 1) / max(new - 1, 1),
    "corners at 0, neither aligned nor half pixels": lambda old, new: np.arange(new) * old / new,
}
"""Convention -> the positions in the source image from which the rows of a resized image are taken, from both sizes."""


def _resized(before: Array, after: Array) -> Iterator[tuple[str, Array]]:
    sizes = list(zip(before.shape[2:], after.shape[2:], strict=True))
    for name, places in PLACES.items():
        rows, columns = (_linear(old, places(old, new)) for old, new in sizes)
        yield f"bilinear resize, {name}", np.einsum("ab,ncbd,ed->ncae", rows, before, columns)
    for name, shift in (("", 0.0), (" of half pixels", 0.5)):
        at = [np.minimum(((np.arange(new) + shift) * old / new).astype(int), old - 1) for old, new in sizes]
        yield f"nearest resize{name}", before[:, :, at[0]][:, :, :, at[1]]


def _linear(size: int, places: Array) -> Array:
    """The matrix that interpolates linearly at these positions among `size` rows."""
    clipped = np.clip(places, 0, size - 1)
    low = np.floor(clipped).astype(int)
    high = np.minimum(low + 1, size - 1)
    matrix = np.zeros((len(places), size))
    matrix[np.arange(len(places)), low] += 1 - (clipped - low)
    matrix[np.arange(len(places)), high] += clipped - low
    return matrix


def _reduced(before: Array, after: Array) -> Iterator[tuple[str, Array]]:
    for count in range(1, before.ndim):
        for axes in combinations(range(before.ndim), count):
            for name, function in REDUCED.items():
                made = function(before, axis=axes)
                yield f"{name} over axes {axes}", made.reshape(after.shape) if made.size == after.size else made
    for axis in range(1, before.ndim):
        for place in range(before.shape[axis]):
            made = np.take(before, place, axis)
            if made.size == after.size:
                word = {0: "first", before.shape[axis] - 1: "last"}.get(place, f"number {place}")
                yield f"step taken along axis {axis}: the {word}", made.reshape(after.shape)
