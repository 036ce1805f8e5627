"""local_response_norm: y = x/(k + alpha·Σ x²)^beta, with the sum over `size` neighbouring channels.

Krizhevsky et al. 2012, section 3.3: alpha multiplies the sum, not the mean (torch, Caffe and MXNet divide alpha by the size).
At the first and last channels the window is cut off. The op refuses an even size, which has no middle.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._windows import check_image
from parity.ops.definition import Array, Count, Example, Floats, Real, Rules, Run, Shape, ShapeError


def signature(x: Floats, *, size: Count, alpha: Real, beta: Real, k: Real) -> Rules:
    yield from ()
    check_image(x)
    if size % 2 == 0:
        raise ShapeError(f"a window of {size} channels has no middle; use an odd size")
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, size: int, **_: Any) -> int:
    return (2 * size + 4) * prod(outputs[""])


def _neighbours(run: Run, x: Array, size: int) -> Array:
    """The sum over each channel's window."""
    half = size // 2
    padded = np.pad(x, ((0, 0), (half, half), (0, 0), (0, 0)))
    return run.sum(np.lib.stride_tricks.sliding_window_view(padded, size, axis=1), 4)


def forward(run: Run, x: Array, *, size: int, alpha: float, beta: float, k: float, **_: Any) -> tuple[Array, Any]:
    base = k + alpha * _neighbours(run, x**2, size)
    return x / base**beta, (x, base, size, alpha, beta)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, base, size, alpha, beta = saved
    divided = dy / base**beta
    return {"x": divided - 2 * alpha * beta * x * _neighbours(run, divided * x / base, size)}


EXAMPLES = (Example({"x": (7, 2, 3)}, {"size": 3, "alpha": 0.5, "beta": 0.75, "k": 2.0}),)
ANALYTIC = True
