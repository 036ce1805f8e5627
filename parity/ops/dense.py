"""dense: y = x·Wᵀ + b over the last axis."""

from __future__ import annotations

from math import prod
from typing import Any

from parity.ops.definition import Array, Count, Example, Flag, Floats, ParameterRule, Rules, Run, Shape, ShapeError


def signature(x: Floats, *, units: Count, bias: Flag = True) -> Rules:
    if len(x) not in (1, 2):
        raise ShapeError(f"needs (features) or (time, features), has {x}; flatten it first")
    yield ParameterRule("kernel", (units, x[-1]), fan_in=x[-1], fan_out=units)
    if bias:
        yield ParameterRule("bias", (units,))
    return (*x[:-1], units)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, units: int, bias: bool) -> int:
    return prod(outputs[""]) * (2 * shapes["x"][-1] + bias)


def forward(run: Run, x: Array, kernel: Array, bias: Array | None = None, *, units: int, **_: Any) -> tuple[Array, Any]:
    y = run.matmul(x, kernel.T)
    return (y if bias is None else y + bias), (x, kernel, bias)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    x, kernel, bias = saved
    rows, dy_rows = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
    gradients = {"x": run.matmul(dy, kernel), "kernel": run.matmul(dy_rows.T, rows)}
    if bias is not None:
        gradients["bias"] = run.sum(dy_rows, 0)
    return gradients


EXAMPLES = (
    Example({"x": (7,)}, {"units": 5}),
    Example({"x": (3, 7)}, {"units": 5}, name="time"),
    Example({"x": (7,)}, {"units": 5, "bias": False}, name="no_bias"),
)
ANALYTIC = True
STEPS = "alone"
