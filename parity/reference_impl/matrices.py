"""Owns operations of update rules on a whole tensor: means of rows and columns, root mean square, Newton–Schulz steps.

It refuses to know rules. PLAIN computes in the precision of its argument; BOUNDED carries rounding errors (error_bounds.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.formulas.syntax import FormulaError, iterations
from parity.reference_impl import error_bounds
from parity.reference_impl.error_bounds import Bounded

Array = npt.NDArray[Any]
STEEPEST = 1025
"""How many points of [0, greatest] the slope of the iteration is taken at. A quintic turns four
times, so they miss no slope by much."""


def row_means(x: Array) -> Array:
    """The mean of each row of a matrix, as a column. A vector is returned unchanged."""
    return np.asarray(np.mean(x, axis=-1, keepdims=True)) if np.ndim(x) == 2 else _vector(x)


def column_means(x: Array) -> Array:
    """The mean of each column of a matrix, as a row. A vector is returned unchanged."""
    return np.asarray(np.mean(x, axis=-2, keepdims=True)) if np.ndim(x) == 2 else _vector(x)


def rms(x: Array) -> Array:
    """Root mean square of all elements."""
    return np.asarray(np.sqrt(np.mean(np.square(x))))


def newton_schulz(x: Array, a: float, b: float, c: float, steps: float) -> Array:
    """Repeats x <- a·x + b·(xxᵀ)x + c·(xxᵀ)²x `steps` times: an odd polynomial maps the
    singular values; singular vectors stay."""
    for _ in range(_whole(steps, x)):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x


def _vector(x: Array) -> Array:
    if np.ndim(x) > 2:
        raise FormulaError(f"an array of {np.ndim(x)} axes has no rows and columns")
    return x


def _whole(steps: float, x: Array) -> int:
    count = iterations(steps)
    if np.ndim(x) != 2:
        raise FormulaError(f"newton_schulz needs a matrix, this array has {np.ndim(x)} axes")
    return count


def _bounded_mean(mean: Callable[[Array], Array]) -> Callable[[Bounded], Bounded]:
    """A mean of n terms loses √n·u times the mean of their absolute values, and one more u in the division."""

    def bounded(x: Bounded) -> Bounded:
        value = mean(x.value)
        count = x.value.size // max(value.size, 1)
        lost = (1 + np.sqrt(count)) * x.u * mean(x.size) if count > 1 else 0.0
        return Bounded(value, mean(x.error + 0 * x.size) + lost, x.u)

    return bounded


def _bounded_rms(x: Bounded) -> Bounded:
    return error_bounds.root_of_squares([x], x.u) / float(np.sqrt(x.value.size))


def _bounded_newton_schulz(x: Bounded, a: float, b: float, c: float, steps: float) -> Bounded:
    """Bounds the error in the Frobenius norm, which no element's error exceeds.

    The iteration maps singular values by an odd polynomial. A small change of x therefore grows at most by the polynomial's
    steepest slope on them (Noferini 2017, SIAM J. Matrix Anal. 38, derivatives of generalized matrix functions, and the mean
    value theorem). Each step adds the losses of its products: √n·u times the product of the norms, for a product of n terms.
    """
    value = x.value
    carried = _length(x.error + 0 * x.size)
    for _ in range(_whole(steps, value)):
        if not np.isfinite(value).all():
            return Bounded(value, np.full(value.shape, np.inf), x.u)
        terms = float(np.sqrt(max(value.shape)))
        length, greatest = _length(value), float(np.linalg.norm(value.astype(np.float64), 2))
        lost = abs(a) * length + 3 * terms * (abs(b) * length * greatest**2 + 2 * abs(c) * length * greatest**4)
        carried = _slope(greatest + carried, a, b, c) * carried + x.u * lost
        value = newton_schulz(value, a, b, c, 1)
    return Bounded(value, np.broadcast_to(carried, value.shape), x.u)


def _slope(greatest: float, a: float, b: float, c: float) -> float:
    """The steepest slope of a·s + b·s³ + c·s⁵ on [0, greatest]."""
    s = np.linspace(0, greatest, STEEPEST)
    return float(np.max(np.abs(a + 3 * b * s**2 + 5 * c * s**4)))


def _length(x: Array) -> float:
    """The Frobenius norm."""
    return float(np.sqrt(np.sum(np.square(x))))


PLAIN: Mapping[str, Callable[..., Any]] = {
    "row_means": row_means,
    "column_means": column_means,
    "rms": rms,
    "newton_schulz": newton_schulz,
}
BOUNDED: Mapping[str, Callable[..., Any]] = {
    **error_bounds.FUNCTIONS,
    "row_means": _bounded_mean(row_means),
    "column_means": _bounded_mean(column_means),
    "rms": _bounded_rms,
    "newton_schulz": _bounded_newton_schulz,
}
"""All functions that a rule may call when errors are carried along."""
