"""log_softmax: y = x - log Σ exp(x) along an axis, computed after the greatest value is subtracted."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._axes import checked, past_batch
from parity.ops.definition import Array, Axis, Example, Floats, Rules, Run, Shape


def signature(x: Floats, *, axis: Axis = -1) -> Rules:
    yield from ()
    checked(x, axis)
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 5 * prod(outputs[""])


def forward(run: Run, x: Array, *, axis: int, **_: Any) -> tuple[Array, Any]:
    place = past_batch(axis)
    shifted = x - np.max(x, axis=place, keepdims=True)
    y = shifted - np.log(run.sum(np.exp(shifted), place, keepdims=True))
    return y, (y, place)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    y, place = saved
    return {"x": dy - np.exp(y) * run.sum(dy, place, keepdims=True)}


EXAMPLES = (Example({"x": (3, 7)}), Example({"x": (3, 7)}, {"axis": 0}, name="axis"))
EXTREMES = (Example({"x": (3, 7)}, limits={"x": (-10000, 10000)}, name="huge"),)
KIND = "activations"
ANALYTIC = True
STEPS = "along"
