"""Owns the cases of the op tests: every example of every op, drawn, evaluated and differentiated.

It refuses to judge.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from parity.ops import TABLE
from parity.ops.definition import Array, Example, ParameterRule, Run, Shape, StatisticRule, evaluate

BATCH = 3
MARGIN = 1e-3
"""Least distance from kinks; nearer draws are repeated, because a difference step of 1e-5 must not cross a kink."""


@dataclass(frozen=True)
class Drawn:
    """An example with arrays. floats: the roles with a gradient; the branches of a join are one role."""

    op: ModuleType
    attributes: Mapping[str, Any]
    arrays: Mapping[str, Any]
    outputs: Mapping[str, Shape]
    floats: tuple[str, ...]
    statistics: tuple[str, ...]

    def cast(self, dtype: str) -> Drawn:
        """The example with its floats in another precision."""
        return replace(
            self, arrays={role: over(lambda one: as_float(one, dtype), array) for role, array in self.arrays.items()}
        )

    def forward(self, run: Run, **changes: Any) -> tuple[dict[str, Array], Any]:
        given, saved = evaluate(self.op, run, {**self.arrays, **changes}, self.attributes)
        return (given if isinstance(given, dict) else {"": given}), saved

    def weights(self) -> dict[str, Array]:
        """A fixed gradient of every output, of unequal numbers."""
        rows = () if not getattr(self.op, "BATCHED", True) else (BATCH,)
        numbers = np.random.RandomState(7)
        dtype = next(iter(arrays_of(self.arrays))).dtype
        return {suffix: np.asarray(numbers.standard_normal((*rows, *shape)), dtype) for suffix, shape in self.outputs.items()}

    def vjp(self, run: Run, saved: Any, dy: Mapping[str, Array]) -> dict[str, Any]:
        return dict(self.op.vjp(run, saved, dict(dy) if len(self.outputs) > 1 else dy[""]))


def cases() -> list[Any]:
    """Every example of every op, with ids such as `conv2d-groups`."""
    pairs = [(name, op, example) for name, op in TABLE.items() for example in op.EXAMPLES]
    return [pytest.param(op, one, id=f"{name}-{one.name}" if one.name else name) for name, op, one in pairs]


def over(function: Callable[[Array], Any], array: Any) -> Any:
    """The function applied to an array, or to each branch of a join."""
    return tuple(function(one) for one in array) if isinstance(array, tuple) else function(array)


def arrays_of(values: Mapping[str, Any]) -> Iterator[Array]:
    """The float arrays; branches of joins come one by one."""
    for value in values.values():
        yield from (one for one in (value if isinstance(value, tuple) else (value,)) if one.dtype.kind == "f")


def as_float(array: Array, dtype: str) -> Array:
    return array.astype(dtype) if array.dtype.kind == "f" else array


def complete(op: ModuleType, example: Example) -> dict[str, Any]:
    """The example's attributes with all defaults."""
    kinds = inspect.signature(op.signature).parameters.values()
    named = [kind for kind in kinds if kind.kind is kind.KEYWORD_ONLY]
    return {kind.name: kind.default for kind in named if kind.default is not kind.empty} | dict(example.attributes)


def input_shapes(op: ModuleType, example: Example) -> dict[str, Any]:
    """The example's shapes, with the inputs that are filled from another role."""
    shapes = dict(example.shapes)
    for kind in inspect.signature(op.signature).parameters.values():
        if kind.kind is kind.POSITIONAL_OR_KEYWORD and isinstance(kind.default, str) and kind.name not in shapes:
            shapes[kind.name] = shapes[kind.default]
    return shapes


def expand(
    op: ModuleType, shapes: Mapping[str, Any], attributes: Mapping[str, Any]
) -> tuple[list[ParameterRule | StatisticRule], dict[str, Shape]]:
    """The rules that the signature yields, and the shapes that it returns."""
    given = {role: shape for role, shape in shapes.items() if role != "branches"}
    walk = op.signature(*shapes.get("branches", ()), **given, **attributes)
    found = []
    while True:
        try:
            found.append(next(walk))
        except StopIteration as end:
            return found, end.value if isinstance(end.value, dict) else {"": end.value}


def is_integer(op: ModuleType, role: str) -> bool:
    return "Integers" in str(op.signature.__annotations__.get(role, ""))


def draw(op: ModuleType, example: Example, seed: int = 0, training: bool = True) -> Drawn:
    """Arrays in float64 whose kinks are at least MARGIN away."""
    for attempt in range(100):
        drawn = _draw(op, example, np.random.RandomState([seed, attempt]), training)
        _, saved = drawn.forward(Run(training=training))
        if not hasattr(op, "kinks") or op.kinks(saved).min() > MARGIN:
            return drawn
    raise AssertionError("a hundred draws, and each too near to a kink")


def _draw(op: ModuleType, example: Example, numbers: np.random.RandomState, training: bool) -> Drawn:
    attributes, shapes = complete(op, example), input_shapes(op, example)
    rules, outputs = expand(op, shapes, attributes)
    arrays: dict[str, Any] = {}
    for role, shape in shapes.items():
        if role == "branches":
            arrays[role] = tuple(numbers.standard_normal((BATCH, *one)) for one in shape)
        else:
            arrays[role] = _input(op, example, role, (BATCH, *shape), numbers)
    floats = [role for role in shapes if not is_integer(op, role)]
    for rule in rules:
        if isinstance(rule, StatisticRule):
            arrays[rule.role] = rule.initial + numbers.uniform(-0.5, 0.5, rule.shape)
        else:
            arrays[rule.role] = numbers.uniform(0.3, 0.9, rule.shape) * numbers.choice([-1, 1], rule.shape)
            floats.append(rule.role)
    if training and hasattr(op, "masks"):
        for role, shape in op.masks(shapes, **attributes).items():
            arrays[role] = numbers.choice([0.0, 1.25], (BATCH, *shape))
    statistics = tuple(rule.role for rule in rules if isinstance(rule, StatisticRule))
    return Drawn(op, attributes, arrays, outputs, tuple(floats), statistics)


def _input(op: ModuleType, example: Example, role: str, shape: Shape, numbers: np.random.RandomState) -> Array:
    low, high = example.limits.get(role, (0, example.below.get(role, 0) - 1))
    if not is_integer(op, role):
        limited = role in example.limits
        return np.asarray(numbers.uniform(low, high, shape) if limited else numbers.standard_normal(shape))
    drawn = np.asarray(numbers.randint(low, high + 1, shape), np.int64)
    drawn.reshape(-1)[:2] = (high, low)[: drawn.size]  # both ends are where an error shows
    return drawn


BORDERS = {"stride": (1, 1), "padding": ((0, 0), (0, 0))}


def outputs_of(op: str, arrays: dict[str, Any], attributes: dict[str, Any], training: bool = True, branch: Any = None) -> Any:
    given = {role: tuple(map(_wide, value)) if role == "branches" else _wide(value) for role, value in arrays.items()}
    return evaluate(TABLE[op], Run(training=training), given, attributes, branch)


def _wide(values: Any) -> Array:
    return np.asarray(values, dtype=float)


def gradient(op: str, arrays: dict[str, Any], attributes: dict[str, Any], branch: Any = None, role: str = "x") -> Array:
    y, saved = outputs_of(op, arrays, attributes, branch=branch)
    found: Array = TABLE[op].vjp(Run(), saved, np.ones_like(y))[role]
    return found
