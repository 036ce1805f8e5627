"""reverse: the steps of a sequence from last to first. With lengths, only the valid steps
are reversed; the others stay in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Integers, Rules, Run, Shape, ShapeError


def signature(x: Floats, lengths: Integers | None = None) -> Rules:
    yield from ()
    if not x:
        raise ShapeError("needs a sequence (time, …), has single numbers")
    if lengths is not None and lengths != ():
        raise ShapeError(f"takes one length per example, has lengths of shape {lengths}")
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 0


def forward(run: Run, x: Array, *, lengths: Array | None = None, **_: Any) -> tuple[Array, Any]:
    steps = np.arange(x.shape[1])
    ends = np.full((len(x), 1), x.shape[1]) if lengths is None else lengths[:, None]
    places = np.where(steps < ends, ends - 1 - steps, steps)
    return _taken(x, places), places


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    """A reversal is its own inverse."""
    return {"x": _taken(dy, saved)}


def _taken(x: Array, places: Array) -> Array:
    return np.take_along_axis(x, places.reshape(*places.shape, *(1,) * (x.ndim - 2)), axis=1)


EXAMPLES = (
    Example({"x": (5, 3)}),
    Example({"x": (5, 3), "lengths": ()}, limits={"lengths": (1, 5)}, name="lengths"),
    Example({"x": (7,)}, name="numbers"),
)
ANALYTIC = True
