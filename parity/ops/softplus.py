"""softplus: y = log(1 + exp(x)) (Dugas et al. 2001), in the form max(x, 0) + log(1 + exp(-|x|)), which cannot overflow."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape
from parity.ops.sigmoid import logistic


def signature(x: Floats) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 4 * prod(outputs[""])


def forward(run: Run, x: Array, **_: Any) -> tuple[Array, Any]:
    return np.maximum(x, run.number(0)) + np.log1p(np.exp(-np.abs(x))), x


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return {"x": dy * logistic(saved)}


EXAMPLES = (Example({"x": (3, 7)}), Example({"x": (5, 7)}, limits={"x": (-30, 30)}, name="far"))
KIND = "activations"
STEPS = "alone"
