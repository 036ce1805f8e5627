"""Stands for the framework that you add: tensors that remember how they were made, and derivatives in reverse mode.

Delete this file in your copy, and import your framework where `tape` is imported. This file knows nothing of parity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__version__ = "1.0"
Array = npt.NDArray[Any]
Back = Callable[[Array], tuple[Array, ...]]


class Tensor:
    """An array, the tensors that it was computed from, and the rule that carries its slope back to each of them."""

    def __init__(self, array: Array, sources: tuple[Tensor, ...] = (), back: Back | None = None) -> None:
        self.array, self.sources, self.back = array, sources, back
        self.slope = np.zeros_like(array)

    def backward(self) -> None:
        """Sets `slope`, the derivative of this number, on every tensor that it was computed from."""
        self.slope = np.ones_like(self.array)
        for tensor in reversed(_ordered(self, [])):
            for source, slope in zip(tensor.sources, tensor.back(tensor.slope) if tensor.back else (), strict=True):
                source.slope = source.slope + slope


def _ordered(tensor: Tensor, before: list[Tensor]) -> list[Tensor]:
    """The tensor behind everything that it was computed from, each once."""
    if not any(tensor is known for known in before):
        for source in tensor.sources:
            _ordered(source, before)
        before.append(tensor)
    return before


def matmul(x: Tensor, kernel: Tensor) -> Tensor:
    """x·kernel over the last axis of x; the kernel has shape (inputs, outputs)."""

    def back(slope: Array) -> tuple[Array, Array]:
        rows, slopes = x.array.reshape(-1, x.array.shape[-1]), slope.reshape(-1, slope.shape[-1])
        return slope @ kernel.array.T, rows.T @ slopes

    return Tensor(x.array @ kernel.array, (x, kernel), back)


def add_bias(x: Tensor, bias: Tensor) -> Tensor:
    return Tensor(x.array + bias.array, (x, bias), lambda slope: (slope, slope.reshape(-1, slope.shape[-1]).sum(0)))


def add(*branches: Tensor) -> Tensor:
    return Tensor(np.asarray(sum(one.array for one in branches)), branches, lambda slope: (slope,) * len(branches))


def relu(x: Tensor) -> Tensor:
    return Tensor(np.maximum(x.array, 0), (x,), lambda slope: (np.where(x.array > 0, slope, np.zeros_like(slope)),))


def inner(x: Tensor, other: Tensor) -> Tensor:
    """The sum of all products: one number."""
    product = np.asarray((x.array * other.array).sum())
    return Tensor(product, (x, other), lambda slope: (slope * other.array, slope * x.array))
