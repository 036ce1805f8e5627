"""gelu: y = x·Φ(x) with the normal distribution Φ (Hendrycks & Gimpel 2016), or its tanh form (their equation 2)."""

from __future__ import annotations

from math import erf, pi, prod, sqrt
from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape, Word

WORDS = {"form": ("erf", "tanh")}
CUBE = 0.044715


def signature(x: Floats, *, form: Word = "erf") -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, form: str) -> int:
    return (5 if form == "erf" else 9) * prod(outputs[""])


def error_function(x: Array) -> Array:
    """erf of each element, correct to the last place of float64, in the dtype of x."""
    return np.fromiter(map(erf, x.ravel().tolist()), np.float64, x.size).reshape(x.shape).astype(x.dtype)


def forward(run: Run, x: Array, *, form: str, **_: Any) -> tuple[Array, Any]:
    if form == "erf":
        share = 0.5 * (1 + error_function(x * sqrt(0.5)))
    else:
        share = 0.5 * (1 + np.tanh(sqrt(2 / pi) * (x + CUBE * x**3)))
    return x * share, (x, share, form)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, share, form = saved
    if form == "erf":
        slope = np.exp(-0.5 * x**2) / sqrt(2 * pi)
    else:
        slope = 2 * share * (1 - share) * sqrt(2 / pi) * (1 + 3 * CUBE * x**2)
    return {"x": dy * (share + x * slope)}


EXAMPLES = (Example({"x": (3, 7)}), Example({"x": (3, 7)}, {"form": "tanh"}, name="tanh"))
KIND = "activations"
STEPS = "alone"
