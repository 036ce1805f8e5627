"""Owns what became of a model's own arrays on the way into another model: equal, transposed, flipped, in another gate order,
copied as they lie in memory, in the place of another one, or another value.

It refuses to run a model; departures.py says whether what differs shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import combinations, permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import drawing, judging, notes
from parity.comparing.judging import TensorVerdict
from parity.comparing.layouts import Placement
from parity.comparing.mapping import LayerMap
from parity.judgement import budgets

Array = npt.NDArray[Any]
Weights = Mapping[str, Mapping[str, Array]]
"""label -> native name -> the model's own weight."""
QUANTITY = "weight"
BLOCKS = (2, 3, 4)
"""Into how many blocks an axis may be cut that stand in another order: gates, or query, key and value."""
TINY = 2.0**-1022
"""No number is divided by less."""
SECOND = "recurrent_bias"
"""A bias beside the first, which is added to it: a model that lacks it has the sum of both."""


@dataclass(frozen=True)
class Both:
    """One array in both models. places: where it lies; arrays: neutral, a second bias added to the first where the other model
    has one alone; natives: as they lie in memory; second: that second bias, which of the models has it, and where."""

    title: str
    labels: tuple[str, str]
    places: tuple[Placement, Placement]
    arrays: tuple[Array, Array]
    natives: tuple[Array, Array]
    second: tuple[int, Placement] | None = None

    @property
    def ours(self) -> Array:
        return self.arrays[0]

    @property
    def theirs(self) -> Array:
        return self.arrays[1]

    @property
    def error(self) -> float:
        return judging.distance(*self.arrays) if self.ours.shape == self.theirs.shape else float("inf")

    @property
    def limit(self) -> float:
        """What a way through float32 explains."""
        return judging.SHADOW * budgets.roundoff("float32") * max(map(budgets.greatest, self.arrays))

    def like(self, array: Array) -> bool:
        """Whether ours, moved so, is theirs."""
        return array.shape == self.theirs.shape and judging.distance(array, self.theirs) <= self.limit

    def like_ours(self, array: Array) -> bool:
        """Whether theirs, read so, is ours."""
        return array.shape == self.ours.shape and judging.distance(self.ours, array) <= self.limit


def rows(found: LayerMap, initial: Weights, labels: tuple[str, str]) -> list[TensorVerdict]:
    """A verdict on each array that both models have, with what became of it."""
    pairs = list(_pairs(found, initial, labels))
    owners = {_digest(one.ours): one.title for one in reversed(pairs) if np.ptp(one.ours)}
    told = []
    for one in pairs:
        verdict = "exact" if not one.error else "agrees" if one.error <= one.limit else "differs"
        reason = _reason(one, owners) if verdict == "differs" else ""
        told.append(TensorVerdict(QUANTITY, one.title, "float64", verdict, one.error, one.limit, reason=reason))
    return told


def aligned(found: LayerMap, initial: Weights, labels: tuple[str, str]) -> dict[str, dict[str, Array]]:
    """The models' own weights, rounded to float32. What is the same but for that rounding is the same number in both, and a
    second bias is in the first where the other model has one alone."""
    values = {label: {name: drawing.rounded(one) for name, one in initial[label].items()} for label in labels}
    for one in _pairs(found, initial, labels):
        if one.error > one.limit:
            continue
        neutral = drawing.rounded(one.ours)
        for label, place in zip(labels, one.places, strict=True):
            values[label][place.native] = place.write(neutral, values[label][place.native])
        if one.second is not None:
            number, place = one.second
            native = values[labels[number]][place.native]
            values[labels[number]][place.native] = place.write(np.zeros(place.neutral), native)
    return values


def _pairs(found: LayerMap, initial: Weights, labels: tuple[str, str]) -> Iterator[Both]:
    seen = set()
    for match in found.matches:
        for role, at in match.weights.items():
            if not all(label in at for label in labels):
                continue
            places = at[labels[0]], at[labels[1]]
            if (key := tuple((one.native, one.rows) for one in places)) in seen:
                continue
            seen.add(key)
            natives = initial[labels[0]][places[0].native], initial[labels[1]][places[1].native]
            arrays = [one.read(native) for one, native in zip(places, natives, strict=True)]
            last = role.rpartition(".")[2]
            also = match.weights.get(f"{role.removesuffix(last)}{SECOND}", {}) if last == "bias" else {}
            held = [number for number, label in enumerate(labels) if label in also]
            second = (held[0], also[labels[held[0]]]) if len(held) == 1 else None
            if second is not None:
                arrays[second[0]] = arrays[second[0]] + second[1].read(initial[labels[second[0]]][second[1].native])
            title = f"{match.leaves[labels[0]]} {role}".strip()
            yield Both(title, labels, places, (arrays[0], arrays[1]), natives, second)


def _reason(one: Both, owners: Mapping[bytes, str]) -> str:
    """What became of the array, the first that fits."""
    if one.ours.shape != one.theirs.shape:
        return f"shapes differ: {one.ours.shape} and {one.theirs.shape}"
    for test in (_unset, _summand, _gates, _turned, _copied, _blocks, _lines, _scaled):
        if told := test(one):
            return told
    owner = owners.get(_digest(one.theirs))
    if owner is not None and owner != one.title:
        return f"it holds in {one.labels[1]} what {one.labels[0]} has in {owner}"
    if _same_numbers(one):
        return f"the same numbers stand in another order in {one.labels[1]}"
    return _another(one)


def _unset(one: Both) -> str:
    sides = (one.ours, one.theirs), one.labels
    constant = [(label, array.flat[0]) for array, label in zip(*sides, strict=True) if array.size > 1 and not np.ptp(array)]
    return f"every number of it is {constant[0][1]:g} in {constant[0][0]}: it was not set there" if len(constant) == 1 else ""


def _summand(one: Both) -> str:
    """One of two biases in the place of their sum."""
    if one.second is None:
        return ""
    number = one.second[0]
    has, lacks = one.labels[number], one.labels[1 - number]
    first = one.places[number].read(one.natives[number])
    for word, part in (("first", first), ("second", one.arrays[number] - first)):
        if judging.distance(part, one.arrays[1 - number]) <= one.limit:
            return f"{lacks} holds the {word} of the two biases of {has}: what counts is their sum"
    return ""


def _gates(one: Both) -> str:
    names = one.places[1].gates.split()
    for order in permutations(names) if len(names) > 1 else ():
        if list(order) != names and one.like_ours(replace(one.places[1], gates=" ".join(order)).read(one.natives[1])):
            return (
                f"gate order: its blocks stand as `{' '.join(order)}` in {one.labels[1]}, which reads `{one.places[1].gates}`"
            )
    return ""


def _turned(one: Both) -> str:
    """Axes in another order, numbers along an axis from the last to the first, or both."""
    axes = range(one.ours.ndim)
    turns = [turn for turn in permutations(axes) if tuple(one.ours.shape[axis] for axis in turn) == one.ours.shape]
    flips = [flip for count in range(one.ours.ndim + 1) for flip in combinations(axes, count)]
    if not _same_numbers(one):
        return ""
    for flip in flips:
        for turn in turns:
            if one.like(np.flip(one.ours.transpose(turn), flip)):
                words = ["transposed" if one.ours.ndim == 2 else f"its axes stand as {turn}"] if turn != tuple(axes) else []
                words += [f"flipped along axis {', '.join(map(str, flip))}"] if flip else []
                return f"{' and '.join(words)} in {one.labels[1]}"
    return ""


def _copied(one: Both) -> str:
    """Numbers that were written as they lie in memory, into an array whose axes stand otherwise."""
    mine, other = one.natives
    if mine.size == other.size and mine.shape != other.shape and judging.distance(mine.ravel(), other.ravel()) <= one.limit:
        return (
            f"copied as it lies in memory, from {mine.shape} in {one.labels[0]} into {other.shape} in {one.labels[1]}, without "
            "moving its axes"
        )
    return ""


def _blocks(one: Both) -> str:
    for axis, size in enumerate(one.ours.shape):
        for count in BLOCKS:
            if size % count == 0 and size > count:
                parts = np.split(one.ours, count, axis)
                for order in permutations(range(count)):
                    if one.like(np.concatenate([parts[place] for place in order], axis)):
                        return f"its {count} blocks along axis {axis} stand as {list(order)} in {one.labels[1]}"
    return ""


def _lines(one: Both) -> str:
    """Whole rows along an axis in another order."""
    for axis, size in enumerate(one.ours.shape):
        mine, other = (np.moveaxis(array, axis, 0).reshape(size, -1) for array in (one.ours, one.theirs))
        if size < 2 or size > 1 << 16:
            continue
        order = np.empty(size, dtype=int)
        order[np.lexsort(other.T[::-1])] = np.lexsort(mine.T[::-1])
        if judging.distance(mine[order], other) <= one.limit:
            known = notes.permutation(order.tolist())
            return f"its rows along axis {axis} stand in another order in {one.labels[1]}{f': {known}' if known else ''}"
    return ""


def _scaled(one: Both) -> str:
    with np.errstate(over="ignore"):
        factor = float(np.vdot(one.ours, one.theirs)) / max(float(np.vdot(one.ours, one.ours)), TINY)
    if one.ours.size > 1 and np.isfinite(factor) and factor and one.like(one.ours * factor):
        return (
            f"it has the other sign in {one.labels[1]}"
            if factor == -1
            else f"it is {factor:.6g} times as large in {one.labels[1]}"
        )
    if one.ours.size > 1 and np.all(one.ours > 0):
        root = np.sqrt(one.ours)
        for word, array in (("the root", root), ("the inverse root", 1.0 / root), ("the inverse", 1.0 / one.ours)):
            if one.like(array):
                return f"{one.labels[1]} has {word} of it"
    return ""


def _another(one: Both) -> str:
    apart = np.abs(one.ours - one.theirs) > one.limit
    count = int(np.count_nonzero(apart))
    if 4 * count >= one.ours.size:
        return f"another value in {one.labels[1]} than in {one.labels[0]}"
    place = tuple(int(index) for index in np.argwhere(apart)[0])
    return f"{count} of its {one.ours.size} numbers differ in {one.labels[1]}, the first at {list(place)}"


def _same_numbers(one: Both) -> bool:
    return judging.distance(np.sort(one.ours, None), np.sort(one.theirs, None)) <= one.limit


def _digest(array: Array) -> bytes:
    return blake2b(np.ascontiguousarray(array, dtype=np.float32).tobytes() + str(array.shape).encode(), digest_size=16).digest()
