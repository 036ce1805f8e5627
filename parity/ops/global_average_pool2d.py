"""global_average_pool2d: the mean of each channel over height and width (Lin et al. 2014)."""

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
    return prod(shapes["x"])


def forward(run: Run, x: Array, **_: Any) -> tuple[Array, Any]:
    return run.mean(x.reshape(*x.shape[:2], -1), 2), x.shape


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    area = saved[2] * saved[3]
    return {"x": np.broadcast_to((dy / run.number(area))[:, :, None, None], saved).copy()}


EXAMPLES = (Example({"x": (5, 3, 7)}),)
ANALYTIC = True
