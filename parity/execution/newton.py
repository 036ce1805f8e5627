"""Owns Newton's method on gradients and Hessian-vector products that the caller computes. It belongs to no framework.

It refuses to write a Hessian out, and a line search: on a convex problem, near enough to its minimum, the whole step is right.

Nocedal & Wright 2006, Numerical Optimization: w <- w - s with H·s = g (equation 3.30), s by conjugate gradients (algorithm
5.2), which need only products H·v (Pearlmutter 1994, Neural Computation 6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Product = Callable[[Mapping[str, Array]], Mapping[str, Array]]
"""v -> H·v, both parameter -> array."""

ROUNDS = 2
"""Rounds per number at most. In exact arithmetic conjugate gradients end after as many rounds as there are numbers; rounding
may cost as many again."""


def step(product: Product, gradients: Mapping[str, Array], first: Mapping[str, Array]) -> dict[str, Array]:
    """The s with H·s = g, in the precision of g. gradients: g; first: the gradients at the first step.

    The iteration begins at 0, so s stays in the span of g, H·g, …: if H is singular, s is the shortest solution. It ends when H
    no longer curves upwards, or when the residual is rounding: n·eps of the first gradient, since the terms of a gradient keep
    their size where it vanishes. Further rounds on a singular H would follow directions that come from rounding alone.
    """
    s = {name: np.zeros_like(array) for name, array in gradients.items()}
    residual = {name: -array for name, array in gradients.items()}
    way = dict(gradients)
    square = dot(residual, residual)
    count = sum(array.size for array in gradients.values())
    least = (count * np.finfo(square.dtype).eps) ** 2 * dot(first, first)
    for _ in range(ROUNDS * count):
        if not square > least:
            break
        curved = product(way)
        curvature = dot(way, curved)
        if not curvature > 0:
            break
        length = square / curvature
        s = {name: s[name] + length * way[name] for name in s}
        residual = {name: residual[name] + length * curved[name] for name in s}
        before, square = square, dot(residual, residual)
        way = {name: square / before * way[name] - residual[name] for name in s}
    return s


def dot(a: Mapping[str, Array], b: Mapping[str, Array]) -> Any:
    """Σ a·b over all arrays, in their precision."""
    parts = np.stack([np.vdot(a[name], b[name]) for name in a])
    return np.sum(parts, dtype=parts.dtype)
