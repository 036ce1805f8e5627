"""mish: y = x·tanh(softplus(x)) (Misra 2019, equation 1)."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops import softplus
from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape
from parity.ops.sigmoid import logistic


def signature(x: Floats) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 6 * prod(outputs[""])


def forward(run: Run, x: Array, **_: Any) -> tuple[Array, Any]:
    soft, _ = softplus.forward(run, x)
    gate = np.tanh(soft)
    return x * gate, (x, gate, soft)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, gate, soft = saved
    small = np.exp(-2 * soft)  # gives 1 - tanh² without cancellation where tanh is nearly 1
    return {"x": dy * (gate + x * (4 * small / (1 + small) ** 2) * logistic(x))}


EXAMPLES = (Example({"x": (3, 7)}), Example({"x": (5, 7)}, limits={"x": (-8, 2)}, name="far"))
KIND = "activations"
STEPS = "alone"
