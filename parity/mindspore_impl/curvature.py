"""Owns Hessian-vector products in MindSpore: a pass backward through the pass backward, in graph mode.

PyNative's second derivative is wrong without an error, for instance of a dense layer on sequences (differences.yaml).
It refuses to build a loss: the caller hands in a program whose first value is the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mindspore
from mindspore import ops

from parity.execution.protocol import Unsupported


def product(program: Callable[..., Any], values: Sequence[Any], parameters: Sequence[Any], along: Sequence[Any]) -> list[Any]:
    """The gradient of (gradient·direction): Pearlmutter 1994, Fast exact multiplication by the Hessian."""
    weights, direction = list(parameters), tuple(along)

    def loss(*given: Any) -> Any:
        return program(*given)[0]

    slopes = mindspore.grad(loss, None, weights)

    def bent(*given: Any) -> Any:
        found = slopes(*given)
        total = ops.sum(found[0] * direction[0])
        for place in range(1, len(direction)):
            total = total + ops.sum(found[place] * direction[place])
        return total

    try:
        found = mindspore.jit(mindspore.grad(bent, None, weights))(*values)
    except (RuntimeError, TypeError, ValueError) as error:
        message = " ".join(str(error).split("----")[0].split())[:300]
        raise Unsupported(f"MindSpore's second derivative of an op of this graph fails: {message}") from error
    return list(found)
