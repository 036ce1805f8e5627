"""global_max_pool2d: the greatest value of each channel; among equals, the first in row-major order gets the gradient."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._windows import check_image
from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape


def signature(x: Floats) -> Rules:
    yield from ()
    check_image(x)
    return x[:1]


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return prod(shapes["x"]) - shapes["x"][0]


def forward(run: Run, x: Array, *, branch: Array | None = None, **_: Any) -> tuple[Array, Any]:
    """branch: the winning place of each channel, counted row by row (batch, channels)."""
    places = x.reshape(*x.shape[:2], -1)
    winner = np.argmax(places, axis=-1) if branch is None else branch
    return np.take_along_axis(places, winner[..., None], axis=-1)[..., 0], (places, winner, x.shape)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    places, winner, shape = saved
    dx = np.zeros(places.shape, dy.dtype)
    np.put_along_axis(dx, winner[..., None], dy[..., None], axis=-1)
    return {"x": dx.reshape(shape)}


def kinks(saved: Any) -> Array:
    """By how much the greatest value of each channel exceeds the second; inf if there is only one value."""
    places = saved[0]
    if places.shape[-1] == 1:
        return np.full(places.shape[:2], np.inf, places.dtype)
    greatest = np.partition(places, -2, axis=-1)
    return np.asarray(greatest[..., -1] - greatest[..., -2])


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (Example({"x": (5, 3, 7)}),)
ANALYTIC = True
