"""parameter: a trainable array by itself, without a batch (a class token, a learned image)."""

from __future__ import annotations

from typing import Any

from parity.ops.definition import Array, Example, ParameterRule, Rules, Run, Shape, Sizes

BATCHED = False


def signature(*, shape: Sizes) -> Rules:
    yield ParameterRule("value", tuple(shape))
    return tuple(shape)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 0


def forward(run: Run, value: Array, **_: Any) -> tuple[Array, Any]:
    return value, None


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return {"value": dy}


EXAMPLES = (Example({}, {"shape": (2, 3)}),)
ANALYTIC = True
