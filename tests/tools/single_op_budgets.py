"""Budgets of a single operation, for tests of NumPy's and the frameworks' sums and functions.

The product judges single ops by shadows, as it judges networks (`parity/judgement/budgets.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ONE_OP = 4.0
"""K for a sum of n products: per element, |y - y64| <= K·√n·u·Σ|a||b| + u·|y64|, with n·u·Σ|a||b| as the hard ceiling.

The rounding errors of a sum of n products are nearly independent, so they add up like √n (Higham & Mary 2019); the greatest K
in float32 matrix products was 1.1. The last term is the rounding of the result.
"""

ELEMENTWISE_ULPS: Mapping[str, float] = {
    "relu": 0.0,
    "relu6": 0.0,
    "leaky_relu": 0.5,
    "sigmoid": 4.0,
    "tanh": 4.0,
    "gelu": 8.0,
    "add": 0.5,
    "multiply": 0.5,
}
"""Error of an element-wise function in ULPs of its result, for inputs of ordinary size.

Vendors promise 1 to 4 ULPs for exp, tanh and erf; sigmoid and gelu compose two roundings and a division on top.
"""


def one_op(reference: Array, magnitudes: Array, length: int, u: float) -> Array:
    """The budget of every element. magnitudes: Σ|a||b| of every element; length: n; u: the unit roundoff."""
    growth = min(ONE_OP * sqrt(length), float(max(length, 1)))
    return np.asarray(growth * u * magnitudes + u * np.abs(reference))


def ulps(reference: Array, allowed: float, u: float) -> Array:
    """`allowed` ULPs of each element; an ULP is 2·u times the power of two below |reference|."""
    _, exponent = np.frexp(np.abs(np.asarray(reference, dtype=np.float64)))
    return np.asarray(allowed * 2 * u * np.ldexp(0.5, exponent))
