"""Owns the likely causes between layers, in what a model's own code does with tensors there: order, activation, scale, mask.

It refuses to name what the recorded numbers do not bear out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judging
from parity.comparing.departures import Trial
from parity.comparing.mapping import Map
from parity.comparing.pairing import alike
from parity.comparing.structures import IMAGE

Array = npt.NDArray[Any]
AXES = ("channels", "height", "width")


HELD = "held in float32"
"""What a name ends in where a framework keeps a constant in float32 in a float64 run: its own way, and nobody's mistake."""


def _erf_gelu(root: float) -> Callable[[Array], Array]:
    return lambda x: np.asarray(x * (1 + np.vectorize(math.erf)(x / root)) / 2)


def _tanh_gelu(cubed: float) -> Callable[[Array], Array]:
    return lambda x: np.asarray(x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + cubed * x**3))) / 2)


ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "none": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "gelu (erf)": _erf_gelu(math.sqrt(2)),
    f"gelu (erf), √2 {HELD}": _erf_gelu(float(np.float32(math.sqrt(2)))),
    "gelu (tanh)": _tanh_gelu(0.044715),
    f"gelu (tanh), 0.044715 {HELD}": _tanh_gelu(float(np.float32(0.044715))),
    "gelu (sigmoid, x·σ(1.702x))": lambda x: x / (1 + np.exp(-1.702 * x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    **{f"leaky relu ({slope})": lambda x, slope=slope: np.where(x > 0, x, slope * x) for slope in (0.01, 0.1, 0.2, 0.3)},  # type: ignore[misc]
}


def flatten_order(trial: Trial, _: Map) -> Iterator[str]:
    """A row of features that flattens the same image with its axes in another order."""
    mine, other = _entering(trial)
    images = [trial.ours.output(trial.mode, place) for place in range(trial.mine)]
    image = next((one.shape[1:] for one in reversed(images) if one is not None and one.ndim >= IMAGE), ())
    if mine.ndim != 2 or mine.shape != other.shape or math.prod(image) != mine.shape[1]:
        return
    for first in permutations(range(len(image))):
        for second in permutations(range(len(image))):
            if first == second or first != tuple(range(len(image))):
                continue
            turned = mine.reshape(-1, *image).transpose(0, *(axis + 1 for axis in second)).reshape(mine.shape)
            if judging.distance(turned, other) <= _limit(trial, mine):
                labels = trial.ours.structure.label, trial.theirs.structure.label
                yield f"flatten order: {labels[0]} flattens {_told(first)}, {labels[1]} {_told(second)} (tested)"


def _told(axes: tuple[int, ...]) -> str:
    return f"({', '.join(AXES[axis] if axis < len(AXES) else str(axis) for axis in axes)})"


def activation(trial: Trial, found: Map) -> Iterator[str]:
    """What either model does with the output of an earlier layer, of the activations that there are."""
    mine, other = _entering(trial)
    for place, theirs in reversed(trial.before()[-3:]):
        ours, their = trial.ours.output(trial.mode, place), trial.theirs.output(trial.mode, theirs)
        if ours is None or their is None:
            continue
        names = [_function(ours, mine, trial), _function(their, other, trial)]
        if all(names) and names[0] != names[1]:
            labels = trial.ours.structure.label, trial.theirs.structure.label
            yield (
                f"activation after {trial.ours.structure.title(place)}: {names[0]} in {labels[0]}, {names[1]} in {labels[1]} "
                "(tested: each gives the next layer's input)"
            )
            return


def own_activation(trial: Trial, _: Map) -> Iterator[str]:
    """Two activation layers that are not the same function."""
    names = []
    for one in (trial.turned(), trial):
        structure, array = one.theirs.structure, one.theirs.inputs(one.mode, one.other)[0]
        output = one.theirs.output(one.mode, one.other)
        names.append("" if output is None else _function(structure.neutral(array, one.other), output, trial))
    if all(names) and names[0] != names[1]:
        yield f"activation: {names[0]} in {trial.title()}, {names[1]} in {trial.turned().title()} (tested on what they took)"


def _function(before: Array, after: Array, trial: Trial) -> str:
    both = alike(after, before, recurrent=False)
    if both is None:
        return ""
    with np.errstate(over="ignore"):  # exp of a large number, where 1/(1 + exp) is as right with infinity
        misses = {name: judging.distance(function(both[1]), both[0]) for name, function in ACTIVATIONS.items()}
    nearest = min(misses, key=lambda name: misses[name])
    return nearest if misses[nearest] <= _limit(trial, after) else ""


def scale(trial: Trial, _: Map) -> Iterator[str]:
    """One input is the other times a number."""
    mine, other = _entering(trial)
    if mine.shape != other.shape or not np.any(mine) or not np.isfinite(mine).all() or not np.isfinite(other).all():
        return
    factor = float(np.vdot(mine, other) / np.vdot(mine, mine))
    if judging.distance(mine * factor, other) <= _limit(trial, other):
        yield f"scale: what {trial.turned().title()} takes is {factor:.9g} times what {trial.title()} takes (tested)"


def mask_meaning(trial: Trial, _: Map) -> Iterator[str]:
    """A mask among the model's inputs: their whole model run with it inverted."""
    structure = trial.theirs.structure
    for place, kind in enumerate(trial.means.kinds(structure.label)):
        if kind == "b":
            again = trial.means.inverted(structure.label, place)
            array = again.get(f"out/{trial.other}/0")
            if array is not None and trial.misses(structure.neutral(array, trial.other)) <= trial.limit:
                yield (
                    f"mask meaning inverted: the models take input {place} for the opposite of each other (tested: with it "
                    f"inverted {trial.turned().title()} gives the output of {trial.title()})"
                )


def order(trial: Trial, _: Map) -> Iterator[str]:
    """The same numbers in another order."""
    mine, other = _entering(trial)
    if mine.size != other.size:
        return
    if judging.distance(np.sort(mine, axis=None), np.sort(other, axis=None)) <= _limit(trial, mine):
        titles = f"{trial.title()} and {trial.turned().title()}"
        yield f"order: {titles} take the same numbers in another order: transposed or reshaped (tested: sorted they agree)"


def _entering(trial: Trial) -> tuple[Array, Array]:
    """The first inputs of the two calls, neutral."""
    found = []
    for one in (trial.turned(), trial):
        structure = one.theirs.structure
        array = one.theirs.inputs(one.mode, one.other)[0]
        found.append(structure.neutral(array, one.other, structure.taken(one.other)))
    return found[0], found[1]


def _limit(trial: Trial, array: Array) -> float:
    return judging.tolerance(trial.mine + 1, float(np.max(np.abs(array), initial=0.0)), 0.0)


CAUSES: tuple[Callable[[Trial, Map], Iterator[str]], ...] = (flatten_order, activation, scale, mask_meaning, order)
"""Tested in this order until one stands."""
