"""hard_swish: y = x·min(max(x/6 + 1/2, 0), 1) (Howard et al. 2019, section 5.2).

Its derivative is 0 at -3 and 1 at 3.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape
from parity.ops.hard_sigmoid import bends, gate


def signature(x: Floats) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 5 * prod(outputs[""])


SLOPE = 1 / 6


def forward(run: Run, x: Array, *, branch: Array | None = None, **_: Any) -> tuple[Array, Any]:
    """branch: 0 where y is 0, 1 between the bends, 2 where y is x."""
    opened, side = gate(run, x, SLOPE, branch)
    return x * opened, (x, side, opened)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, side, opened = saved
    return {"x": dy * (opened + np.where(side == 1, x * SLOPE, run.number(0)))}


def kinks(saved: Any) -> Array:
    return bends(saved[0], SLOPE)


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (Example({"x": (5, 7)}, limits={"x": (-5, 5)}),)
KIND = "activations"
ANALYTIC = True
STEPS = "alone"
