"""selu: y = scale·elu(x, alpha) with the constants that keep mean 0 and variance 1 (Klambauer et al. 2017, equation 2)."""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops import elu
from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape


def signature(x: Floats) -> Rules:
    yield from ()
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape]) -> int:
    return 4 * prod(outputs[""])


ALPHA = 1.6732632423543772848170429916717
SCALE = 1.0507009873554804934193349852946


def forward(run: Run, x: Array, *, branch: Array | None = None, **_: Any) -> tuple[Array, Any]:
    """branch: where True, x passes; elsewhere alpha·(exp(x) - 1)."""
    y, saved = elu.forward(run, x, alpha=ALPHA, branch=branch)
    return SCALE * y, saved


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return elu.vjp(run, saved, SCALE * dy)


kinks, taken = elu.kinks, elu.taken

EXAMPLES = (Example({"x": (3, 7)}),)
KIND = "activations"
ANALYTIC = True
STEPS = "alone"
