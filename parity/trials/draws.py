"""Owns all random arrays of a case: parameters, batches and dropout masks, drawn in NumPy and rounded once.

It refuses `numpy.random.Generator`, whose streams change between NumPy versions. Every array has its own stream, named by the
case's coordinates and the array's name, so that an added array never changes another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import BATCH, CARRIED, PARAMETER, STATISTIC, array_name, initial, under
from parity.formulas.formula import Formula
from parity.spec.graph import Graph, Input, Parameter
from parity.spec.specs import Initializer
from parity.trials.streams import Stream, orthonormal_columns, stream

Array = npt.NDArray[Any]

# Frameworks start these at 0 or 1, where a fault in their use would not show: so they are drawn around that value.
_AROUND = {"bias": (0.0, 0.1), "recurrent_bias": (0.0, 0.1), "scale": (1.0, 0.3), "shift": (0.0, 0.3), "slope": (0.25, 0.2)}
_STATISTIC = {0.0: (-0.3, 0.3), 1.0: (0.5, 1.5)}
_PLAIN = {"bias": 0.0, "recurrent_bias": 0.0, "scale": 1.0, "shift": 0.0, "slope": 0.25}


@dataclass(frozen=True)
class Draws:
    """All arrays of a case, under the names of a request: `parameter/…`, `statistic/…`, `carried/…`, `batch/<k>/…`."""

    arrays: Mapping[str, Array]

    def digest(self) -> str:
        """sha256 over names, dtypes, shapes and bytes."""
        total = hashlib.sha256()
        for name in sorted(self.arrays):
            array = np.ascontiguousarray(self.arrays[name])
            total.update(f"{name}:{array.dtype.str}:{array.shape}".encode())
            total.update(array.tobytes())
        return total.hexdigest()

    def initial(self) -> dict[str, Array]:
        """Parameters, statistics and carried state by their spec names."""
        return initial(self.arrays)

    def batch(self, step: int = 0) -> dict[str, Array]:
        """The inputs of one batch by name."""
        return under(self.arrays, BATCH, step)

    def values(self, step: int = 0) -> dict[str, Array]:
        """All values that the reference needs for one pass."""
        return {**self.initial(), **self.batch(step)}


def rounded(array: Array, dtype: str) -> Array:
    """Rounds floats to the tested dtype once, so that the rounding of inputs does not count as a framework's error."""
    return array if array.dtype.kind in "iu" else np.asarray(array, dtype=dtype)


def draw(
    graph: Graph,
    initializer: Initializer,
    dtype: str,
    *,
    seed: int = 0,
    attempt: int = 0,
    batch_size: int = 3,
    batches: int = 1,
    rates: Mapping[str, float] | None = None,
) -> Draws:
    """Arrays for an agreement case. `rates`: mask input -> dropout rate. `attempt` counts redraws away from kinks.

    Kernels follow the initializer; biases, scales and statistics are drawn around the values at which a fault hides.
    """
    arrays: dict[str, Array] = {}

    def at(name: str) -> Stream:
        return stream(graph.name, initializer.name, seed, attempt, name)

    for parameter in graph.parameters:
        arrays[array_name(PARAMETER, parameter.name)] = _parameter(parameter, initializer, at(parameter.name))
    for statistic in graph.statistics:
        low, high = _STATISTIC.get(statistic.initial, (statistic.initial - 0.3, statistic.initial + 0.3))
        arrays[array_name(STATISTIC, statistic.name)] = at(statistic.name).uniform(low, high, statistic.shape)
    for carried in graph.carried:
        arrays[array_name(CARRIED, carried.name)] = 0.5 * at(carried.name).standard_normal((batch_size, *carried.shape))
    for step in range(batches):
        for graph_input in graph.batch_inputs():
            rate = (rates or {}).get(graph_input.name)
            numbers = at(f"{step}/{graph_input.name}")
            arrays[array_name(BATCH, step, graph_input.name)] = (
                _batch_input(graph_input, batch_size, numbers) if rate is None else mask(graph_input, batch_size, rate, numbers)
            )
    return Draws({name: rounded(array, dtype) for name, array in arrays.items()})


def directions(graph: Graph, dtype: str, seed: int, count: int) -> tuple[dict[str, Array], ...]:
    """Directions of Hessian-vector products: standard normals for each parameter that the first phase updates."""
    shapes = {parameter.name: parameter.shape for parameter in graph.parameters if parameter.name in graph.phases[0].updates}

    def drawn(number: int) -> dict[str, Array]:
        numbers = {name: stream(graph.name, "direction", seed, number, name) for name in shapes}
        return {name: rounded(numbers[name].standard_normal(shape), dtype) for name, shape in shapes.items()}

    return tuple(drawn(number) for number in range(count))


def initial_values(graph: Graph, initializer: Initializer, dtype: str, *, seed: int, batch_size: int) -> dict[str, Array]:
    """The start of real training: kernels from the initializer, biases and shifts 0, scales
    1, statistics at their initial values."""
    arrays: dict[str, Array] = {}
    for parameter in graph.parameters:
        name = array_name(PARAMETER, parameter.name)
        if parameter.role in _PLAIN:
            arrays[name] = np.full(parameter.shape, _PLAIN[parameter.role])
        else:
            arrays[name] = sample(initializer, parameter, stream(graph.name, initializer.name, seed, parameter.name))
    for statistic in graph.statistics:
        arrays[array_name(STATISTIC, statistic.name)] = np.full(statistic.shape, statistic.initial)
    for carried in graph.carried:
        arrays[array_name(CARRIED, carried.name)] = np.zeros((batch_size, *carried.shape))
    return {name: rounded(array, dtype) for name, array in arrays.items()}


def sample(initializer: Initializer, parameter: Parameter, numbers: Stream) -> Array:
    """One draw of an initializer's distribution, in float64."""
    values = {**initializer.arguments, "fan_in": parameter.fan_in, "fan_out": parameter.fan_out}

    def number(formula: str | float | int | None) -> float:
        return float(Formula(str(formula)).evaluate(values, {"sqrt": np.sqrt, "max": max, "min": min}))

    shape = parameter.shape
    if initializer.distribution == "constant":
        return np.full(shape, number(initializer.value))
    if initializer.distribution == "uniform":
        limit = number(initializer.limit)
        return numbers.uniform(-limit, limit, shape)
    if initializer.distribution == "normal":
        return number(initializer.standard_deviation) * numbers.standard_normal(shape)
    if initializer.distribution == "truncated_normal":
        return number(initializer.standard_deviation) * _cut_normal(shape, numbers)
    if initializer.distribution == "identity":
        if len(shape) != 2:
            raise ValueError(f"{initializer.name} says nothing of an array of shape {shape}: it is no matrix")
        return number(initializer.gain) * np.eye(*shape)
    rows, columns = shape[0], prod(shape[1:])
    tall = numbers.standard_normal((max(rows, columns), min(rows, columns)))
    q = orthonormal_columns(tall)
    return number(initializer.gain) * (q if rows >= columns else q.T).reshape(shape)


def _cut_normal(shape: tuple[int, ...], numbers: Stream) -> Array:
    """Standard normals cut at ±2: numbers beyond are drawn again."""
    drawn = numbers.standard_normal(shape)
    while (beyond := np.abs(drawn) > 2).any():
        drawn = np.where(beyond, numbers.standard_normal(shape), drawn)
    return drawn


def mask(graph_input: Input, batch_size: int, rate: float, numbers: Stream) -> Array:
    """A dropout mask of 0 and 1/(1 - rate), with both present."""
    shape = (batch_size, *graph_input.shape) if graph_input.batched else graph_input.shape
    kept = numbers.uniform(size=shape) >= rate
    flat = kept.reshape(-1)
    if flat.size > 1:
        flat[0], flat[-1] = False, True
    return kept / (1.0 - rate)


def _parameter(parameter: Parameter, initializer: Initializer, numbers: Stream) -> Array:
    if parameter.role in _AROUND:
        centre, spread = _AROUND[parameter.role]
        return centre + numbers.uniform(-spread, spread, parameter.shape)
    return sample(initializer, parameter, numbers)


def _batch_input(graph_input: Input, batch_size: int, numbers: Stream) -> Array:
    shape = (batch_size, *graph_input.shape) if graph_input.batched else graph_input.shape
    if graph_input.dtype == "integer":
        low, high = (0, graph_input.below - 1) if graph_input.below is not None else graph_input.range or (0, 1)
        drawn = np.asarray(numbers.randint(int(low), int(high) + 1, size=shape), dtype=np.int64)
        if graph_input.range is not None and drawn.size > 1:  # frameworks differ at the ends of a range
            drawn.reshape(-1)[:2] = int(high), int(low)
        return drawn
    if graph_input.range is not None:
        return np.asarray(numbers.uniform(*graph_input.range, size=shape))
    return np.asarray(numbers.standard_normal(shape))
