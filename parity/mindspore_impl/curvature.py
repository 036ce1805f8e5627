"""Owns Hessian-vector products in MindSpore: a pass backward through the pass backward.

It refuses to build a loss: the caller hands in a program whose first value is the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mindspore
from mindspore import ops

from parity.execution.protocol import Unsupported

MISSING = ("not support", "bprop", "second order", "high order", "higher-order")
"""Words of MindSpore's errors for an op whose backward pass has no derivative."""


def product(program: Callable[..., Any], values: Sequence[Any], parameters: Sequence[Any], along: Sequence[Any]) -> list[Any]:
    """The gradient of (gradient·direction): Pearlmutter 1994, Fast exact multiplication by the Hessian."""
    if not parameters:
        return []

    def loss(*given: Any) -> Any:
        return program(*given)[0]

    slopes = mindspore.grad(loss, None, list(parameters))

    def bent(*given: Any) -> Any:
        found = slopes(*given)
        found = found if isinstance(found, tuple) else (found,)
        return sum((ops.sum(slope * item) for slope, item in zip(found, along, strict=True)), start=0)

    try:
        found = mindspore.grad(bent, None, list(parameters))(*values)
    except RuntimeError as error:
        if any(words in str(error) for words in MISSING):
            raise Unsupported(f"MindSpore has no second derivative of an op of this graph: {error}") from error
        raise
    return list(found) if isinstance(found, tuple) else [found]
