"""mean: the mean over the batch and every other axis, as one number."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape

BATCHED = False


def signature(x: Floats) -> Rules:
    yield from ()
    return ()


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return prod(shapes["x"])


def forward(run: Run, x: Array, **_: Any) -> tuple[Array, Any]:
    return run.mean(x.reshape(-1)), x.shape


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return {"x": np.full(saved, dy / run.number(np.prod(saved)), dy.dtype)}


EXAMPLES = (Example({"x": (3, 5)}), Example({"x": ()}, name="scalar"))
ANALYTIC = True
