"""Owns the numbers that both models are given: inputs, weights and the weights of the loss, drawn once in neutral order.

It refuses values that would hide a fault: biases of 0, scales of 1, masks that are all true.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing.layer_mapping import PARTNERS, LayerMap
from parity.comparing.model_structure import Structure
from parity.execution.own_model.layers import Shape

Array = npt.NDArray[Any]
SHAPE = re.compile(r"((?P<name>[A-Za-z_]\w*(\.\w+)*)=)?(?P<sizes>\d+(x\d+)*)(:(?P<kind>bool|(?P<low>\d+)\.\.(?P<high>\d+)))?")
BATCH = 3
"""Number of examples in a batch if the model knows all of its input's shape but the batch: more than one, and odd."""

MOST_NUMBERS, MOST_AXES, LARGEST_INTEGER, LONGEST = 2**28, 16, 2**62, 200
"""Limits of one input: numbers (2 GiB in float64; each model keeps several such arrays), axes, its largest integer, and the
length of its text on the command line."""


@dataclass(frozen=True)
class ComparedInput:
    """One input with its batch. kind: `float`, `integer` (low to high, both included; high may be unknown) or `bool`; name: how
    the model calls it, with a point where one lies in another; values: its numbers where a file gives them."""

    shape: Shape
    kind: str = "float"
    low: int = 0
    high: int | None = None
    name: str = ""
    values: Array | None = field(default=None, compare=False, repr=False)

    @property
    def binary(self) -> bool:
        """Whether it holds zeros and ones alone, as masks do."""
        return self.kind == "integer" and (self.low, self.high) == (0, 1)


def parsed_input(value: Any) -> ComparedInput:
    """From `3x16`, `3x7:0..99`, `ids=3x7:0..99`, `3x7:bool`, or a list of sizes. Raises ValueError for anything else."""
    if isinstance(value, list) and value and all(isinstance(size, int) and size > 0 for size in value):
        return _held(ComparedInput(tuple(value)))
    match = SHAPE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            f"{value!r} is no input: write sizes with the batch, such as 3x16, 3x7:0..99 or 3x7:bool, behind its name in the "
            "model where it has one: ids=3x7:0..99"
        )
    if len(value) > LONGEST:
        raise ValueError(f"{value[:20]!r}… is no input: its text is longer than {LONGEST} signs")
    shape, name = tuple(int(size) for size in match["sizes"].split("x")), match["name"] or ""
    if match["high"] is not None:
        return _held(ComparedInput(shape, "integer", int(match["low"]), int(match["high"]), name))
    return _held(ComparedInput(shape, "bool" if match["kind"] else "float", name=name))


def example(name: str, array: Array) -> ComparedInput:
    """An input with these numbers, floats rounded to float32. Raises ValueError where it holds no numbers."""
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name or 'an input'} is of type {array.dtype}: numbers and truth values alone can be an input")
    if array.dtype.kind == "f":
        return _held(ComparedInput(array.shape, name=name, values=rounded(array)))
    if array.dtype.kind == "b":
        return _held(ComparedInput(array.shape, "bool", name=name, values=array))
    whole = _held(ComparedInput(array.shape, "integer", name=name))
    low, high = (int(item) for item in (array.min(), array.max()))
    return replace(whole, low=low, high=high, values=array.astype(np.int64))


def _held(model_input: ComparedInput) -> ComparedInput:
    """The input itself. Raises ValueError if it is empty or exceeds a limit."""
    shape = "x".join(str(size) for size in model_input.shape)
    if 0 in model_input.shape:
        raise ValueError(f"{shape} is no input: a size of 0 holds nothing")
    if prod(model_input.shape) > MOST_NUMBERS or len(model_input.shape) > MOST_AXES:
        raise ValueError(f"{shape} is too large for an input: {MOST_NUMBERS:,} numbers and {MOST_AXES} axes at most")
    if model_input.high is not None and not model_input.low <= model_input.high < LARGEST_INTEGER:
        raise ValueError(
            f"{shape}:{model_input.low}..{model_input.high} holds no integers: the first is at most the second, below 2**62"
        )
    return model_input


def blank(model_input: ComparedInput) -> Array:
    """An input for tracing a model: positive numbers, no two alike, so that equal numbers show which layer feeds which.

    An integer input is drawn from its range, or is all `low` if nobody stated the range; a mask is all true."""
    numbers = np.random.RandomState(0)
    if model_input.values is not None:
        return model_input.values
    if model_input.kind == "bool" or model_input.binary:
        return np.ones(model_input.shape, dtype=bool if model_input.kind == "bool" else np.int64)
    if model_input.kind == "integer":
        high = model_input.low if model_input.high is None else model_input.high
        return np.asarray(numbers.randint(model_input.low, high + 1, size=model_input.shape), dtype=np.int64)
    return rounded(numbers.uniform(0.25, 0.75, model_input.shape))


def inputs(wanted: Sequence[ComparedInput], vocabulary: int, numbers: np.random.RandomState) -> list[Array]:
    """Neutral inputs. vocabulary: the size of the smallest embedding, the range of integers if nobody stated it."""
    return [_input(model_input, vocabulary, numbers) for model_input in wanted]


def _input(model_input: ComparedInput, vocabulary: int, numbers: np.random.RandomState) -> Array:
    if model_input.values is not None:
        return model_input.values
    if model_input.kind == "float":
        return rounded(numbers.standard_normal(model_input.shape))
    if model_input.kind == "integer" and not model_input.binary:
        high = vocabulary - 1 if model_input.high is None else model_input.high
        return np.asarray(numbers.randint(model_input.low, high + 1, size=model_input.shape), dtype=np.int64)
    drawn = numbers.uniform(size=model_input.shape) < 0.6
    along = [axis for axis, size in enumerate(model_input.shape) if size > 1]
    rows = np.moveaxis(drawn, along[-1] if along else -1, -1)
    rows[..., -1], rows[..., 0] = False, True  # no row is masked whole, in whichever meaning
    return drawn if model_input.kind == "bool" else drawn.astype(np.int64)


def weights(
    layer_map: LayerMap, initial: Mapping[str, Mapping[str, Array]], base: str, numbers: np.random.RandomState
) -> dict[str, dict[str, Array]]:
    """label -> native weight -> value: the same numbers in every model, drawn around the initial weights of the base model.

    A weight that a model lacks is, in the other model, the number that changes nothing (mapping.PARTNERS)."""
    values = {label: {name: np.array(array) for name, array in native.items()} for label, native in initial.items()}
    drawn: set[str] = set()
    for match in layer_map.matches:
        for role, placements in match.weights.items():
            whole = len(placements) == len(initial)
            if whole and placements[base].native not in drawn:
                drawn.add(placements[base].native)
                values[base][placements[base].native] = _drawn(initial[base][placements[base].native], numbers, role)
            for label, placement in placements.items():
                native = values[label][placement.native]
                alone = np.full(placement.neutral, PARTNERS.get(role.split(".")[-1], 0.0))
                neutral = placements[base].read(values[base][placements[base].native]) if whole else alone
                values[label][placement.native] = placement.write(neutral, native)
    return values


def _drawn(begin: Array, numbers: np.random.RandomState, role: str) -> Array:
    """Drawn within 0.3 of an initial constant, or with the standard deviation of the initial values; a variance is positive."""
    if role.rsplit(".", maxsplit=1)[-1] == "variance" and (np.ptp(begin) != 0 or np.min(begin, initial=1.0) <= 0.3):
        return rounded(np.full(begin.shape, 1.0) + numbers.uniform(-0.3, 0.3, begin.shape))
    if np.ptp(begin) == 0 or begin.size == 1:
        return rounded(begin + numbers.uniform(-0.3, 0.3, begin.shape))
    return rounded(np.std(begin) * numbers.standard_normal(begin.shape))


def rounded(array: Array) -> Array:
    """The array rounded to numbers that float32 holds exactly, so that no model's error comes from rounding its inputs."""
    return np.asarray(array, dtype=np.float32).astype(np.float64)


def losses(base: Structure, numbers: np.random.RandomState) -> list[Array]:
    """Neutral weights of the loss, one tensor for each output of the base."""
    shapes = [base.leaving(number, np.broadcast_to(np.zeros(()), shape)).shape for number, shape in enumerate(base.outputs)]
    return [rounded(numbers.standard_normal(shape)) for shape in shapes]
