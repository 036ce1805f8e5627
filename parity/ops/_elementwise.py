"""Owns the values and derivatives of a formula's parts: operators, functions, and the choices at their kinks.

It refuses to parse: a formula's tree comes from parity.formulas.formula.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.ops.definition import Array
from parity.ops.sigmoid import logistic

Slopes = Callable[[Any, Any], tuple[Any, ...]]
"""Arguments and result of one step -> the derivative with respect to each argument (any
value for an argument that is a number)."""


def _power_slopes(arguments: Any, result: Any) -> tuple[Any, Any]:
    base, exponent = arguments
    by_base = exponent * base ** (exponent - 1)
    return by_base, (None if isinstance(exponent, (int, float)) else result * np.log(base))


OPERATORS: Mapping[type[ast.operator], tuple[Callable[[Any, Any], Any], Slopes]] = {
    ast.Add: (operator.add, lambda a, y: (1, 1)),
    ast.Sub: (operator.sub, lambda a, y: (1, -1)),
    ast.Mult: (operator.mul, lambda a, y: (a[1], a[0])),
    ast.Div: (operator.truediv, lambda a, y: (1 / a[1], -y / a[1])),
    ast.Pow: (operator.pow, _power_slopes),
}
SMOOTH: Mapping[str, tuple[Callable[[Any], Any], Slopes]] = {
    "sqrt": (np.sqrt, lambda a, y: (0.5 / y,)),
    "exp": (np.exp, lambda a, y: (y,)),
    "log": (np.log, lambda a, y: (1 / a[0],)),
    "sigmoid": (logistic, lambda a, y: (y * (1 - y),)),
    "tanh": (np.tanh, lambda a, y: (1 - y**2,)),
}
GREATEST, LEAST = ("maximum", "max"), ("minimum", "min")

PLAIN: Mapping[str, Callable[..., float]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "sigmoid": lambda x: float(logistic(np.asarray(x, float))),
    "tanh": math.tanh,
    "maximum": max,
    "minimum": min,
    "max": max,
    "min": min,
}
"""The same functions on Python numbers, which do not change the precision of the arrays that they meet."""


def choice(name: str, arguments: list[Array]) -> Array:
    """The branch that the function itself chooses. Among equal arguments the first wins; abs and sign have slope 0 at 0."""
    if name in GREATEST or name in LEAST:
        pick = np.argmax if name in GREATEST else np.argmin
        return np.asarray(pick(np.stack(np.broadcast_arrays(*arguments)), axis=0))
    return np.asarray(np.sign(arguments[0]))


def chosen(name: str, arguments: list[Array], taken: Array) -> Array:
    """The function's value on the branch `taken` (the index of an argument; for abs and sign 1, 0 or -1)."""
    if name in ("abs", "sign"):
        side = taken.astype(arguments[0].dtype)
        return side if name == "sign" else arguments[0] * side
    return np.asarray(np.take_along_axis(np.stack(np.broadcast_arrays(*arguments)), taken[None], axis=0)[0])


def chosen_slopes(name: str, count: int, taken: Array, dtype: np.dtype[Any]) -> tuple[Array, ...]:
    if name == "sign":
        return (np.zeros(taken.shape, dtype),)
    if name == "abs":
        return (taken.astype(dtype),)
    return tuple((taken == place).astype(dtype) for place in range(count))


def margin(name: str, arguments: list[Array]) -> Array:
    """Distance of each element from the function's kink."""
    if name in ("abs", "sign"):
        return np.asarray(np.abs(arguments[0]))
    ordered = np.sort(np.stack(np.broadcast_arrays(*arguments)), axis=0)
    return np.asarray(ordered[-1] - ordered[-2] if name in GREATEST else ordered[1] - ordered[0])
