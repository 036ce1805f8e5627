"""Owns further runs that must confirm the name of an optimizer: many steps, arrays of 1 to 5 axes, sizes of numbers, zeros.

It refuses to tell forms apart: the first run (probes.fingerprint_draws) does that, at values that separate them. A rule that
changes only where none of these runs goes cannot be recognised; the report says beside the name what the runs cover.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parity.execution.names import BATCH, PARAMETER, RATE, array_name, lies_under, put_under, under
from parity.trials.draws import rounded
from parity.trials.probes import RATES, SEPARATING, fingerprint_draws
from parity.trials.streams import power_of_ten, stream

Array = npt.NDArray[np.float64]
Arrays = dict[str, Array]

NUDGE = 2.0**-28
"""How far gradients are moved in the run `nudged`, as a share of each: a 16th of the spacing of float32,
and 2**24 times the spacing of float64. An object that computes in float32 gives the same bits again; an
object that computes in float64 does not."""

MANY = 132
"""Steps of the run `many steps`. Features that begin late show within them: a built-in schedule, a buffer that is emptied, a
correction that ends."""

CUSTOMARY: Mapping[str, float] = {
    "learning_rate": 2.0**-8,
    "momentum": 0.875,
    "dampening": 0.125,
    "rho": 1 - 2.0**-5,
    "beta_1": 0.25,
    "beta_2": 1 - 2.0**-10,
    "epsilon": 2.0**-24,
    "weight_decay": 2.0**-7,
    "schedule_decay": 2.0**-8,
    "accumulator": 0.125,
    "rate_decay": 2.0**-7,
    "l1": 2.0**-10,
    "l2": 2.0**-6,
    "beta": 1.0,
    "beta_2_decay": -0.8125,
    "epsilon_1": 2.0**-100,
    "epsilon_2": 2.0**-10,
    "clip_threshold": 1.0,
    "trust": 2.0**-10,
    "eta_minus": 0.5,
    "eta_plus": 1.25,
    "smallest_step": 2.0**-20,
    "largest_step": 32.0,
}
"""Values near those used in training, exact in float32. With these betas, Adam's direction can be long: after small gradients
it reaches (1 - beta_1)·√t at step t, 8 at the end of the run. With the betas of the first run it is never above 1.2."""

SHAPES: Mapping[str, tuple[int, ...]] = {
    "one": (1,),
    "vector": (1021,),
    "column": (23, 1),
    "row": (1, 19),
    "matrix": (17, 13),
    "wide": (3, 4099),
    "tall": (4099, 3),
    "three": (7, 5, 3),
    "four": (13, 11, 3, 3),
    "one channel": (11, 1, 3, 3),
    "large four": (31, 29, 3, 3),
    "five": (5, 3, 2, 3, 2),
    "large": (263, 257),
}
"""1 to 5 axes, some of length 1; up to 4,099 rows and columns, 67,591 numbers in one array."""

SIZES = 12.0
"""Gradients of the run `numbers of all sizes` go from 10**-SIZES to 10**SIZES. Their squares, and sums
of the squares, still fit into float32."""


@dataclass(frozen=True)
class DrivenRun:
    """name: how the run is called in reports. values: of the hyper-parameters. draws: weights,
    gradients and rates of each step, by dtype."""

    name: str
    steps: int
    values: Mapping[str, float]
    draws: Callable[[str], Mapping[str, npt.NDArray[np.floating]]]


def nudged(dtype: str) -> Mapping[str, npt.NDArray[np.floating]]:
    """The first step of the first run, with every gradient moved by less than float32 resolves."""
    first = fingerprint_draws(dtype)
    arrays = put_under(under(first, PARAMETER), PARAMETER) | {array_name(BATCH, 0, RATE): first[array_name(BATCH, 0, RATE)]}
    for name in under(first, PARAMETER):
        key = array_name(BATCH, 0, name)
        up = stream("nudge", name).uniform(size=first[key].shape) < 0.5
        arrays[key] = (first[key] * np.where(up, 1 + NUDGE, 1 - NUDGE)).astype(dtype)
    return arrays


def many_steps(dtype: str) -> Mapping[str, npt.NDArray[np.floating]]:
    """A vector over many steps. A tenth of each gradient is 0; some numbers are 128 times larger than the others; every 29th
    gradient is 0 throughout."""
    name, shape = "vector", (17,)
    arrays = {array_name(PARAMETER, name): stream("many", name).standard_normal(shape)}
    for step in range(MANY):
        numbers = stream("many", name, step)
        size = power_of_ten(numbers.uniform(-2, 0.5, shape))
        burst = np.where(numbers.uniform(size=shape) < 0.02, 128.0, 1.0)
        sign = np.where(numbers.uniform(size=shape) < 0.5, -1.0, 1.0)
        kept = (numbers.uniform(size=shape) >= 0.1) & (step % 29 != 28)
        arrays[array_name(BATCH, step, name)] = sign * size * burst * kept
    return _rated(arrays, MANY, dtype)


def shapes(dtype: str) -> Mapping[str, npt.NDArray[np.floating]]:
    """Arrays of many shapes with ordinary numbers; in some rows and columns, all gradients are 0."""
    steps, arrays = 3, {}
    for name, shape in sorted(SHAPES.items()):
        arrays[array_name(PARAMETER, name)] = stream("shapes", name).standard_normal(shape)
        for step in range(steps):
            numbers = stream("shapes", name, step)
            gradient = numbers.standard_normal(shape)
            gradient = np.where(numbers.uniform(size=shape[:1]).reshape(-1, *(1,) * (len(shape) - 1)) < 0.1, 0.0, gradient)
            arrays[array_name(BATCH, step, name)] = np.where(numbers.uniform(size=shape[-1:]) < 0.1, 0.0, gradient)
        arrays[array_name(BATCH, 0, name)] = stream("shapes", name, "first").standard_normal(shape)
    return _rated(arrays, steps, dtype)


def sizes(dtype: str) -> Mapping[str, npt.NDArray[np.floating]]:
    """Each element has gradients of about one size, between 1e-12 and 1e12, and a weight of a size
    of its own, between 1e-6 and 1e6, or 0."""
    steps, arrays = 16, {}
    for name, shape in {"matrix": (17, 13), "vector": (61,)}.items():
        numbers = stream("sizes", name)
        kind = power_of_ten(numbers.uniform(-SIZES + 1, SIZES - 1, shape))
        weight = numbers.standard_normal(shape) * power_of_ten(numbers.uniform(-6, 6, shape))
        arrays[array_name(PARAMETER, name)] = np.where(numbers.uniform(size=shape) < 0.1, 0.0, weight)
        for step in range(steps):
            numbers = stream("sizes", name, step)
            sign = np.where(numbers.uniform(size=shape) < 0.5, -1.0, 1.0)
            arrays[array_name(BATCH, step, name)] = sign * kind * power_of_ten(numbers.uniform(-1, 1, shape))
    return _rated(arrays, steps, dtype)


def _rated(arrays: Arrays, steps: int, dtype: str) -> Mapping[str, npt.NDArray[np.floating]]:
    """The weights in float32, the gradients in `dtype`, and the learning rate of each step, as a multiple of the base rate."""
    kept = {
        name: rounded(array, "float32" if lies_under(name, PARAMETER) else dtype).astype(dtype)
        for name, array in arrays.items()
    }
    return kept | {array_name(BATCH, step, RATE): np.asarray(RATES[step % len(RATES)]) for step in range(steps)}


FIRST = "values that separate"
RUNS: tuple[DrivenRun, ...] = (
    DrivenRun("nudged", 1, SEPARATING, nudged),
    DrivenRun("many steps", MANY, CUSTOMARY, many_steps),
    DrivenRun("arrays of many shapes", 3, SEPARATING, shapes),
    DrivenRun("numbers of all sizes", 16, SEPARATING, sizes),
)
"""The first run only decides whether a match in float32 counts; all others must confirm a name."""
