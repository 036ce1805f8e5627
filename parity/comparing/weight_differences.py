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

from parity.comparing import judged_tensors, notes, random_arrays
from parity.comparing.judged_tensors import TensorVerdict
from parity.comparing.layer_mapping import LayerMap
from parity.comparing.layouts import Placement
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
        return judged_tensors.distance(*self.arrays) if self.ours.shape == self.theirs.shape else float("inf")

    @property
    def limit(self) -> float:
        """What a way through float32 explains."""
        return judged_tensors.SHADOW * budgets.roundoff("float32") * max(map(budgets.greatest, self.arrays))

    def like(self, array: Array) -> bool:
        """Whether ours, moved so, is theirs."""
        return array.shape == self.theirs.shape and judged_tensors.distance(array, self.theirs) <= self.limit

    def like_ours(self, array: Array) -> bool:
        """Whether theirs, read so, is ours."""
        return array.shape == self.ours.shape and judged_tensors.distance(self.ours, array) <= self.limit


def rows(layer_map: LayerMap, initial: Weights, labels: tuple[str, str]) -> list[TensorVerdict]:
    """A verdict on each array that both models have, with what became of it."""
    pairs = list(_pairs(layer_map, initial, labels))
    owners = {_digest(pair.ours): pair.title for pair in reversed(pairs) if np.ptp(pair.ours)}
    verdicts = []
    for pair in pairs:
        verdict = "exact" if not pair.error else "agrees" if pair.error <= pair.limit else "differs"
        reason = _reason(pair, owners) if verdict == "differs" else ""
        verdicts.append(TensorVerdict(QUANTITY, pair.title, "float64", verdict, pair.error, pair.limit, reason=reason))
    return verdicts


def aligned(layer_map: LayerMap, initial: Weights, labels: tuple[str, str]) -> dict[str, dict[str, Array]]:
    """The models' own weights, rounded to float32. What is the same but for that rounding is the same number in both, and a
    second bias is in the first where the other model has one alone."""
    values = {label: {name: random_arrays.rounded(array) for name, array in initial[label].items()} for label in labels}
    for pair in _pairs(layer_map, initial, labels):
        if pair.error > pair.limit:
            continue
        neutral = random_arrays.rounded(pair.ours)
        for label, place in zip(labels, pair.places, strict=True):
            values[label][place.native] = place.write(neutral, values[label][place.native])
        if pair.second is not None:
            number, place = pair.second
            native = values[labels[number]][place.native]
            values[labels[number]][place.native] = place.write(np.zeros(place.neutral), native)
    return values


def _pairs(layer_map: LayerMap, initial: Weights, labels: tuple[str, str]) -> Iterator[Both]:
    keys = set()
    for match in layer_map.matches:
        for role, at in match.weights.items():
            if not all(label in at for label in labels):
                continue
            places = at[labels[0]], at[labels[1]]
            if (key := tuple((placement.native, placement.rows) for placement in places)) in keys:
                continue
            keys.add(key)
            natives = initial[labels[0]][places[0].native], initial[labels[1]][places[1].native]
            arrays = [placement.read(native) for placement, native in zip(places, natives, strict=True)]
            last = role.rpartition(".")[2]
            also = match.weights.get(f"{role.removesuffix(last)}{SECOND}", {}) if last == "bias" else {}
            held = [number for number, label in enumerate(labels) if label in also]
            second = (held[0], also[labels[held[0]]]) if len(held) == 1 else None
            if second is not None:
                arrays[second[0]] = arrays[second[0]] + second[1].read(initial[labels[second[0]]][second[1].native])
            title = f"{match.leaves[labels[0]]} {role}".strip()
            yield Both(title, labels, places, (arrays[0], arrays[1]), natives, second)


def _reason(both: Both, owners: Mapping[bytes, str]) -> str:
    """What became of the array, the first that fits."""
    if both.ours.shape != both.theirs.shape:
        return f"shapes differ: {both.ours.shape} and {both.theirs.shape}"
    for test in (_unset, _summand, _gates, _turned, _copied, _blocks, _lines, _scaled):
        if reason := test(both):
            return reason
    owner = owners.get(_digest(both.theirs))
    if owner is not None and owner != both.title:
        return f"it holds in {both.labels[1]} what {both.labels[0]} has in {owner}"
    if _same_numbers(both):
        return f"the same numbers stand in another order in {both.labels[1]}"
    return _another(both)


def _unset(both: Both) -> str:
    sides = (both.ours, both.theirs), both.labels
    constant = [(label, array.flat[0]) for array, label in zip(*sides, strict=True) if array.size > 1 and not np.ptp(array)]
    return f"every number of it is {constant[0][1]:g} in {constant[0][0]}: it was not set there" if len(constant) == 1 else ""


def _summand(both: Both) -> str:
    """One of two biases in the place of their sum."""
    if both.second is None:
        return ""
    number = both.second[0]
    has, lacks = both.labels[number], both.labels[1 - number]
    first = both.places[number].read(both.natives[number])
    for word, part in (("first", first), ("second", both.arrays[number] - first)):
        if judged_tensors.distance(part, both.arrays[1 - number]) <= both.limit:
            return f"{lacks} holds the {word} of the two biases of {has}: what counts is their sum"
    return ""


def _gates(both: Both) -> str:
    names = both.places[1].gates.split()
    for order in permutations(names) if len(names) > 1 else ():
        if list(order) != names and both.like_ours(replace(both.places[1], gates=" ".join(order)).read(both.natives[1])):
            return (
                f"gate order: its blocks stand as `{' '.join(order)}` in {both.labels[1]}, which reads `{both.places[1].gates}`"
            )
    return ""


def _turned(both: Both) -> str:
    """Axes in another order, numbers along an axis from the last to the first, or both."""
    axes = range(both.ours.ndim)
    turns = [turn for turn in permutations(axes) if tuple(both.ours.shape[axis] for axis in turn) == both.ours.shape]
    flips = [flip for count in range(both.ours.ndim + 1) for flip in combinations(axes, count)]
    if not _same_numbers(both):
        return ""
    for flip in flips:
        for turn in turns:
            if both.like(np.flip(both.ours.transpose(turn), flip)):
                words = ["transposed" if both.ours.ndim == 2 else f"its axes stand as {turn}"] if turn != tuple(axes) else []
                words += [f"flipped along axis {', '.join(map(str, flip))}"] if flip else []
                return f"{' and '.join(words)} in {both.labels[1]}"
    return ""


def _copied(both: Both) -> str:
    """Numbers that were written as they lie in memory, into an array whose axes stand otherwise."""
    mine, other = both.natives
    if (
        mine.size == other.size
        and mine.shape != other.shape
        and judged_tensors.distance(mine.ravel(), other.ravel()) <= both.limit
    ):
        way = f"from {mine.shape} in {both.labels[0]} into {other.shape} in {both.labels[1]}"
        return f"copied as it lies in memory, {way}, without moving its axes"
    return ""


def _blocks(both: Both) -> str:
    for axis, size in enumerate(both.ours.shape):
        for count in BLOCKS:
            if size % count == 0 and size > count:
                parts = np.split(both.ours, count, axis)
                for order in permutations(range(count)):
                    if both.like(np.concatenate([parts[place] for place in order], axis)):
                        return f"its {count} blocks along axis {axis} stand as {list(order)} in {both.labels[1]}"
    return ""


def _lines(both: Both) -> str:
    """Whole rows along an axis in another order."""
    for axis, size in enumerate(both.ours.shape):
        mine, other = (np.moveaxis(array, axis, 0).reshape(size, -1) for array in (both.ours, both.theirs))
        if size < 2 or size > 1 << 16:
            continue
        order = np.empty(size, dtype=int)
        order[np.lexsort(other.T[::-1])] = np.lexsort(mine.T[::-1])
        if judged_tensors.distance(mine[order], other) <= both.limit:
            turn = notes.permutation(order.tolist())
            return f"its rows along axis {axis} stand in another order in {both.labels[1]}{f': {turn}' if turn else ''}"
    return ""


def _scaled(both: Both) -> str:
    with np.errstate(over="ignore"):
        factor = float(np.vdot(both.ours, both.theirs)) / max(float(np.vdot(both.ours, both.ours)), TINY)
    if both.ours.size > 1 and np.isfinite(factor) and factor and both.like(both.ours * factor):
        return (
            f"it has the other sign in {both.labels[1]}"
            if factor == -1
            else f"it is {factor:.6g} times as large in {both.labels[1]}"
        )
    if both.ours.size > 1 and np.all(both.ours > 0):
        root = np.sqrt(both.ours)
        for word, array in (("the root", root), ("the inverse root", 1.0 / root), ("the inverse", 1.0 / both.ours)):
            if both.like(array):
                return f"{both.labels[1]} has {word} of it"
    return ""


def _another(both: Both) -> str:
    apart = np.abs(both.ours - both.theirs) > both.limit
    count = int(np.count_nonzero(apart))
    if 4 * count >= both.ours.size:
        return f"another value in {both.labels[1]} than in {both.labels[0]}"
    place = tuple(int(index) for index in np.argwhere(apart)[0])
    return f"{count} of its {both.ours.size} numbers differ in {both.labels[1]}, the first at {list(place)}"


def _same_numbers(both: Both) -> bool:
    return judged_tensors.distance(np.sort(both.ours, None), np.sort(both.theirs, None)) <= both.limit


def _digest(array: Array) -> bytes:
    return blake2b(np.ascontiguousarray(array, dtype=np.float32).tobytes() + str(array.shape).encode(), digest_size=16).digest()
