"""sum: the sum along an axis, and the axis disappears."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._axes import past_batch, without
from parity.ops.definition import Array, Axis, Example, Floats, Rules, Run, Shape


def signature(x: Floats, *, axis: Axis) -> Rules:
    yield from ()
    return without(x, axis)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return prod(shapes["x"]) - prod(outputs[""])


def forward(run: Run, x: Array, *, axis: int, **_: Any) -> tuple[Array, Any]:
    place = past_batch(axis) % x.ndim
    return run.sum(x, place), (x.shape, place)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    shape, place = saved
    return {"x": np.broadcast_to(np.expand_dims(dy, place), shape).copy()}


EXAMPLES = (Example({"x": (3, 5)}, {"axis": 1}), Example({"x": (3, 5, 2)}, {"axis": 0}, name="first"))
ANALYTIC = True
