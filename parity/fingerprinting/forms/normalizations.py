"""Owns the closed forms of normalizations: their axes and moments, the place of epsilon, the update of running values.

It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from parity.execution.names import KNOWN, array_name
from parity.fingerprinting.forms.form import Array, Arrays, Form

NUMBERS = np.random.RandomState(7)
CHANNELS, EXAMPLES = np.array([0.1, 0.5, 1.0, 0.25]), np.array([0.05, 0.25, 0.5, 1.0, 2.0, 4.0])
INPUTS: Arrays = {
    "x": (NUMBERS.standard_normal((6, 4, 3, 2)) * CHANNELS[:, None, None] + 0.25) * EXAMPLES[:, None, None, None],
    "gamma": np.array([0.5, 1.25, -0.75, 2.0]),
    "beta": np.array([0.25, -1.0, 0.5, 0.125]),
}
"""Data with deviations near the driven epsilon (0.25) and near its root, along every axis, and with means other than 0."""

AXES: Mapping[str, tuple[int, ...]] = {
    "each channel over the batch and its places": (0, 2, 3),
    "each place over its channels": (1,),
    "each example over everything": (1, 2, 3),
    "each channel of each example over its places": (2, 3),
    "each element over the batch": (0,),
}
GROUPED = "each group of channels of each example"
ROOTS: Mapping[str, Callable[[Array, float], Array]] = {
    "ε inside the root": lambda s, e: np.sqrt(s + e),
    "ε added to the root": lambda s, e: np.sqrt(s) + e,
    "the root is ε at least": lambda s, e: np.maximum(np.sqrt(s), e),
    "the square is ε at least": lambda s, e: np.sqrt(np.maximum(s, e)),
}


def _variance(x: Array, axes: tuple[int, ...], unbiased: bool) -> Array:
    """The variance; NaN for the unbiased variance of a single element."""
    count = int(np.prod([x.shape[axis] for axis in axes]))
    share = (count / (count - 1) if count > 1 else np.nan) if unbiased else 1.0
    return np.asarray(x.var(axes, keepdims=True) * share)


MOMENTS: Mapping[str, Callable[[Array, tuple[int, ...]], Array]] = {
    "the biased variance": lambda x, axes: x.var(axes, keepdims=True),
    "the unbiased variance": lambda x, axes: _variance(x, axes, True),
    "the mean of squares, not centered": lambda x, axes: (x**2).mean(axes, keepdims=True),
    "the sum of squares, not centered": lambda x, axes: (x**2).sum(axes, keepdims=True),
}


def library(arrays: Arrays, inputs: Arrays = INPUTS) -> Mapping[str, list[Form]]:
    return {"normalizes": list(forms(arrays, inputs))}


def forms(arrays: Arrays, inputs: Arrays = INPUTS) -> Iterator[Form]:
    """The forms of an object with this many gains and shifts (`run/gains`), with or without running values (`run/mean`)."""
    epsilon = float(arrays.get(array_name(KNOWN, "epsilon"), np.asarray(0.0)))
    roots = ROOTS if epsilon else {"no ε": ROOTS["ε inside the root"]}
    for axes_name in (*AXES, GROUPED):
        for moment_name in MOMENTS:
            for root_name in roots:
                if "sum" in moment_name and root_name == "the square is ε at least":
                    continue  # a sum is rarely below ε: such a guard is at the root in practice
                for gain_name, gain in _gains(arrays, inputs).items():
                    name = f"{axes_name}, by {moment_name}, {root_name}{gain_name}"
                    yield from _with_running(name, axes_name, moment_name, roots[root_name], epsilon, gain, arrays, inputs["x"])


def _gains(arrays: Arrays, inputs: Arrays) -> Mapping[str, tuple[Array, Array]]:
    """Words in the name -> the factor and the summand that come after normalization."""
    gains, shifts = int(arrays["run/gains"]), int(arrays["run/shifts"])
    beta = np.repeat(inputs["beta"][:shifts], 4 // shifts) if shifts in (1, 2, 4) else np.zeros(4)
    if gains not in (1, 2, 4):
        return {"": (np.ones(4), beta)}
    gamma, words = np.repeat(inputs["gamma"][:gains], 4 // gains), "" if gains == 4 else f", {gains} gains for 4 channels"
    return {words: (gamma, beta), f"{words}, times 1 + γ": (1 + gamma, beta)}


def _with_running(
    name: str,
    axes_name: str,
    moment_name: str,
    root: Callable[[Array, float], Array],
    epsilon: float,
    gain: tuple[Array, Array],
    arrays: Arrays,
    x: Array,
) -> Iterator[Form]:
    grouped = axes_name == GROUPED
    parts = x.reshape(len(x), 2, 2, *x.shape[2:]) if grouped else x
    axes = (2, 3, 4) if grouped else AXES[axes_name]
    centered = "not centered" not in moment_name
    mean, moment = parts.mean(axes, keepdims=True) * centered, MOMENTS[moment_name](parts, axes)
    below = np.asarray(root(moment, epsilon))
    scale, shift = gain[0][:, None, None], gain[1][:, None, None]
    trained = ((parts - mean) / below).reshape(x.shape) * scale + shift
    if "run/mean" not in arrays:
        yield Form(name, {"run/training": trained, "run/evaluation": trained})
        return
    if axes_name != next(iter(AXES)):
        return
    share = float(arrays.get(array_name(KNOWN, "momentum"), 0.0))
    for share_name, kept in (("the old value", share), ("the new batch's value", 1 - share)):
        for kept_name, unbiased in (("biased", False), ("unbiased", True)):
            running = (1 - kept) * x.mean(axes), kept + (1 - kept) * _variance(x, axes, unbiased).ravel()
            shown = [value[:, None, None] for value in running]
            evaluated = (x - shown[0]) / np.asarray(root(shown[1], epsilon)) * scale + shift
            text = f"{name}; running values: momentum is the share of {share_name}, the variance kept is {kept_name}"
            expected = {
                "run/training": trained,
                "run/evaluation": evaluated,
                "run/mean": running[0],
                "run/variance": running[1],
            }
            yield Form(text, expected)
