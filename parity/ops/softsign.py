"""softsign: y = x/(1 + |x|) (Glorot & Bengio 2010, section 2)."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape


def signature(x: Floats) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 3 * prod(outputs[""])


def forward(run: Run, x: Array, **_: Any) -> tuple[Array, Any]:
    below = 1 + np.abs(x)
    return x / below, below


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return {"x": dy / saved**2}


EXAMPLES = (Example({"x": (3, 7)}),)
KIND = "activations"
STEPS = "alone"
