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

from parity.comparing import judging, notes
from parity.comparing.judging import Found
from parity.comparing.layouts import Placement
from parity.comparing.mapping import Map
from parity.judgement import budgets

Array = npt.NDArray[Any]
QUANTITY = "weight"
BLOCKS = (2, 3, 4)
"""Into how many blocks an axis may be cut that stand in another order: gates, or query, key and value."""
TINY = 2.0**-1022
"""No number is divided by less."""
SECOND = "recurrent_bias"
"""A bias beside the first, which is added to it: a model that lacks it has the sum of both."""


@dataclass(frozen=True)
class Both:
    """One array in both models. ours, theirs: neutral; natives: as they lie in memory; at: where the second model has it."""

    title: str
    labels: tuple[str, str]
    ours: Array
    theirs: Array
    natives: tuple[Array, Array]
    at: Placement

    @property
    def limit(self) -> float:
        """What a way through float32 explains."""
        return judging.SHADOW * budgets.roundoff("float32") * max(budgets.greatest(self.ours), budgets.greatest(self.theirs))

    def like(self, array: Array) -> bool:
        """Whether ours, moved so, is theirs."""
        return array.shape == self.theirs.shape and judging.distance(array, self.theirs) <= self.limit

    def like_ours(self, array: Array) -> bool:
        """Whether theirs, read so, is ours."""
        return array.shape == self.ours.shape and judging.distance(self.ours, array) <= self.limit


def rows(found: Map, initial: Mapping[str, Mapping[str, Array]], labels: tuple[str, str]) -> list[Found]:
    """A verdict on each array that both models have, with what became of it."""
    pairs = list(_pairs(found, initial, labels))
    owners = {_digest(one.ours): one.title for one in reversed(pairs) if np.ptp(one.ours)}
    told = []
    for one in pairs:
        error = judging.distance(one.ours, one.theirs) if one.ours.shape == one.theirs.shape else float("inf")
        verdict = "exact" if not error else "agrees" if error <= one.limit else "differs"
        reason = _reason(one, owners) if verdict == "differs" else ""
        told.append(Found(QUANTITY, one.title, "float64", verdict, error, one.limit, reason=reason))
    return told


def _pairs(found: Map, initial: Mapping[str, Mapping[str, Array]], labels: tuple[str, str]) -> Iterator[Both]:
    seen = set()
    for match in found.matches:
        for role, at in match.weights.items():
            if not all(label in at for label in labels):
                continue
            places = at[labels[0]], at[labels[1]]
            if (key := tuple((one.native, one.rows) for one in places)) in seen:
                continue
            seen.add(key)
            natives = tuple(initial[label][one.native] for label, one in zip(labels, places, strict=True))
            arrays = [one.read(native) for one, native in zip(places, natives, strict=True)]
            second = match.weights.get(f"{role[: -len('bias')]}{SECOND}", {}) if role.split(".")[-1] == "bias" else {}
            if len(second) == 1:
                for number, label in enumerate(labels):
                    if label in second:
                        arrays[number] = arrays[number] + second[label].read(initial[label][second[label].native])
            title = f"{match.leaves[labels[0]]} {role}".strip()
            yield Both(title, labels, arrays[0], arrays[1], (natives[0], natives[1]), places[1])


def _reason(one: Both, owners: Mapping[bytes, str]) -> str:
    """What became of the array, the first that fits."""
    if one.ours.shape != one.theirs.shape:
        return f"shapes differ: {one.ours.shape} and {one.theirs.shape}"
    for test in (_unset, _gates, _turned, _copied, _blocks, _lines, _scaled):
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


def _gates(one: Both) -> str:
    names = one.at.gates.split()
    for order in permutations(names) if len(names) > 1 else ():
        if list(order) != names and one.like_ours(replace(one.at, gates=" ".join(order)).read(one.natives[1])):
            return f"gate order: its blocks stand as `{' '.join(order)}` in {one.labels[1]}, which reads `{one.at.gates}`"
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
