"""Owns how the losses of all elements become one number: their mean or their sum, over the batch and every other axis.

It refuses to know what the elements are.
"""

from __future__ import annotations

from parity.ops.definition import Array, Run

REDUCTIONS = ("mean", "sum")


def reduced(run: Run, each: Array, reduction: str) -> Array:
    flat = each.reshape(-1)
    return run.mean(flat) if reduction == "mean" else run.sum(flat)


def share(run: Run, dy: Array, size: int, reduction: str) -> Array:
    """The gradient that reaches each of `size` elements."""
    return dy / run.number(size) if reduction == "mean" else dy
