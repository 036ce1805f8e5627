"""elu: y = x where x > 0, else alpha·(exp(x) - 1) (Clevert et al. 2016, equation 15); its derivative at 0 is alpha."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Real, Rules, Run, Shape


def signature(x: Floats, *, alpha: Real = 1.0) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 3 * prod(outputs[""])


def forward(run: Run, x: Array, *, alpha: float, branch: Array | None = None, **_: Any) -> tuple[Array, Any]:
    """branch: where True, x passes; elsewhere alpha·(exp(x) - 1)."""
    passes = x > 0 if branch is None else branch
    return np.where(passes, x, alpha * np.expm1(np.minimum(x, run.number(0)))), (x, passes, alpha)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, passes, alpha = saved
    return {"x": np.where(passes, dy, dy * alpha * np.exp(np.minimum(x, run.number(0))))}


def kinks(saved: Any) -> Array:
    return np.asarray(np.abs(saved[0]))


def taken(saved: Any) -> Array:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return np.asarray(saved[1])


EXAMPLES = (Example({"x": (3, 7)}), Example({"x": (3, 7)}, {"alpha": 0.25}, name="alpha"))
KIND = "activations"
ANALYTIC = True
STEPS = "alone"
