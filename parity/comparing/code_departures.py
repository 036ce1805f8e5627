"""Owns the search for the step of the code between layers that departs: it compares the functions that both models called, by
their numbers.

A value is common if the other model has the same numbers somewhere, in any shape or order of axes. From the departing value a
walk goes back to the steps that took only common values and gave a value that is not common. It refuses to name a setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors
from parity.comparing.model_structure import Structure
from parity.execution.names import FUNCTION, GIVEN, TAKEN, array_name, in_order, under

Array = npt.NDArray[Any]
AXES = 5
"""Greatest number of axes for which every order of them is tried."""

LINE = 80
"""Characters of a line of code that a message quotes at most."""


@dataclass(frozen=True)
class Step:
    """One call of a function, or of a layer (number -1). where: file and line; code: that line; taken, gave: native arrays of
    floats or truth values, without arrays of a single number; title: the name of a layer's call."""

    number: int
    name: str
    settings: Mapping[str, Any]
    where: str
    code: str
    taken: Sequence[Array]
    gave: Sequence[Array]
    title: str = ""

    @property
    def told(self) -> str:
        line = self.code if len(self.code) <= LINE else f"{self.code[:LINE]}…"
        return f"`{line}` ({self.where})" if line else self.title or f"`{self.name}`"


@dataclass(frozen=True)
class CodePass:
    """One model's pass as its steps, in order. weights: name -> array."""

    structure: Structure
    steps: Sequence[Step]
    inputs: Sequence[Array]
    weights: Mapping[str, Array]

    def producer(self, array: Array) -> Step | None:
        """The first step that gave an array with the same bytes; None if no step did."""
        return self._producers.get(hash(array.tobytes()))

    @cached_property
    def _producers(self) -> Mapping[int, Step]:
        steps: dict[int, Step] = {}
        for step in self.steps:
            for gave in step.gave:
                steps.setdefault(hash(gave.tobytes()), step)
        return steps

    def values(self) -> Iterator[Array]:
        for step in self.steps:
            yield from step.taken
            yield from step.gave
        yield from self.inputs
        yield from self.weights.values()


def read(
    structure: Structure,
    answer: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, Array],
    inputs: Sequence[Array],
    weights: Mapping[str, Array],
    until: int,
) -> CodePass:
    """One pass from the worker's answer: the functions, with the calls of layers before `until` sorted in among them.

    answer: one entry per function; arrays: what functions and layers took and gave; until: the first call that is left out."""
    functions = [_function(entry, arrays) for entry in answer]
    outputs = {array.tobytes() for step in functions for array in step.gave}
    calls = [
        (place + 0.5, _layer(structure, place, arrays))
        for place in range(until)
        if array_name(TAKEN, place, 0) in arrays and not _inside(structure, place, arrays, outputs)
    ]
    steps = [(float(entry["call"]), step) for entry, step in zip(answer, functions, strict=True)]
    ordered = sorted([*calls, *steps], key=lambda steps: steps[0])
    return CodePass(structure, [step for _, step in ordered], inputs, weights)


def _inside(structure: Structure, place: int, arrays: Mapping[str, Array], outputs: Set[bytes]) -> bool:
    """Whether a layer is of the user's own class and one of the functions inside of it gave its output, so that these functions
    stand for it."""
    leaf = structure.leaf(structure.calls[place].leaf)
    gave = arrays.get(array_name(GIVEN, place, 0))
    return leaf.kind == leaf.written and gave is not None and gave.tobytes() in outputs


def _function(entry: Mapping[str, Any], arrays: Mapping[str, Array]) -> Step:
    taken, gave = (in_order(arrays, FUNCTION, entry["number"], group) for group in (TAKEN, GIVEN))
    return Step(
        entry["number"], entry["name"], entry["settings"], entry["where"], entry["code"], _counting(taken), _counting(gave)
    )


def _layer(structure: Structure, place: int, arrays: Mapping[str, Array]) -> Step:
    call = structure.calls[place]
    taken, gave = (list(under(arrays, group, place).values()) for group in (TAKEN, GIVEN))
    title = structure.title(place)
    return Step(-1, title, structure.leaf(call.leaf).settings, "", "", _counting(taken), _counting(gave), title)


def _counting(arrays: Iterable[Array]) -> list[Array]:
    return [array for array in arrays if array.dtype.kind in "fb" and array.size > 1]


class KnownValues:
    """The values of one model, in which a value of the other model can be looked up by its numbers."""

    def __init__(self, values: Iterable[Array]) -> None:
        self._found: dict[int, list[tuple[float, float, Array]]] = {}
        keys = set[bytes]()
        for value in values:
            key = str(value.shape).encode() + value.tobytes()
            if key not in keys:
                keys.add(key)
                self._found.setdefault(value.size, []).append((*_print(value), value))

    def like(self, array: Array) -> Array | None:
        """The value that holds the same numbers; None if there is none."""
        total, greatest = _print(array)
        if not np.isfinite(total):
            return next((tensor for *_, tensor in self._found.get(array.size, ()) if same(array, tensor)), None)
        own = limit(array)
        for other_total, other_greatest, tensor in self._found.get(array.size, ()):
            within = max(own, limit(tensor) if tensor.dtype == np.float32 else 0.0) * array.size
            if abs(total - other_total) <= within and abs(greatest - other_greatest) <= within and same(array, tensor):
                return tensor
        return None


def _print(array: Array) -> tuple[float, float]:
    numbers = array.astype(np.float64)
    return float(numbers.sum()), float(numbers.max(initial=0.0))


def limit(array: Array) -> float:
    """Greatest difference at which two arrays count as the same numbers; larger for an array of float32."""
    finite = array[np.isfinite(array)].astype(np.float64)
    greatest = float(np.max(np.abs(finite), initial=0.0))
    return judged_tensors.narrow(1, greatest) if array.dtype == np.float32 else judged_tensors.tolerance(1, greatest, 0.0)


def same(mine: Array, other: Array) -> bool:
    """Whether two arrays hold the same numbers, in any shape or order of axes."""
    return converted(mine, other) is not None


def converted(mine: Array, other: Array, wanted: Array | None = None) -> Array | None:
    """`wanted` (by default `mine`), changed from the layout of `mine` to the layout of `other`. None if the two arrays do not
    hold the same numbers, since their numbers tell how the layouts differ."""
    whole = mine if wanted is None else wanted
    within = max(limit(mine), limit(other))
    if mine.size != other.size:
        return None
    if judged_tensors.distance(mine.reshape(-1).astype(np.float64), other.reshape(-1).astype(np.float64)) <= within:
        return whole
    slim = mine.reshape([size for size in mine.shape if size > 1])
    target = other.reshape([size for size in other.shape if size > 1])
    if slim.ndim != target.ndim or slim.ndim > AXES:
        return None
    for turn in permutations(range(slim.ndim)):
        turned = slim.transpose(turn)
        if (
            turned.shape == target.shape
            and judged_tensors.distance(turned.astype(np.float64), target.astype(np.float64)) <= within
        ):
            if wanted is None:
                return turned.reshape(other.shape)
            return wanted.transpose(turn) if wanted.ndim == slim.ndim == len(turn) else wanted
    return None


@dataclass(frozen=True)
class Region:
    """The steps between common values and the departing value. front: the steps that took only common values; steps: all steps;
    common: whether the departing value is itself common; loose: each value that no step gave and that is not common, with the
    step that took it."""

    front: Sequence[Step]
    steps: Sequence[Step]
    common: bool
    loose: Sequence[tuple[Step, Array]]


def region(own: CodePass, target: Array, other: KnownValues) -> Region:
    """Walks back from the departing value `target` to the values that `other` has too."""
    if other.like(target) is not None:
        return Region((), (), True, ())
    places = {id(step): place for place, step in enumerate(own.steps)}
    steps, front, loose = dict[int, Step](), list[Step](), list[tuple[Step, Array]]()
    first = own.producer(target)
    waiting = [first] if first is not None else []
    while waiting:
        step = waiting.pop()
        if places[id(step)] in steps:
            continue
        steps[places[id(step)]] = step
        missing = [taken_array for taken_array in step.taken if other.like(taken_array) is None]
        producers = [(array, own.producer(array)) for array in missing]
        own_loose = [(step, array) for array, source in producers if source is None or source is step]
        loose += own_loose
        waiting += [source for _, source in producers if source is not None and source is not step]
        if len(missing) == len(own_loose):
            front.append(step)
    front.sort(key=lambda step: places[id(step)])
    return Region(front, [steps[place] for place in sorted(steps)], False, loose)
