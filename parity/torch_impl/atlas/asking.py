"""Owns the ways in which PyTorch is asked: the value, the slope, the type, the draw or the steps of a native object.

It refuses to know a question, and what its answer should be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import lr_scheduler

from parity.execution.protocol import Array

Inputs = Mapping[str, Array]
Answer = Callable[[Inputs], Any]


def t(array: Array) -> Tensor:
    return torch.tensor(array, dtype=torch.float32 if array.dtype.kind == "f" else torch.int64)


def call(function: Callable[..., Any], *names: str) -> Answer:
    """The value of a function of the inputs (`x` alone, unless named)."""
    return lambda inputs: function(*(t(inputs[name]) for name in names or ("x",))).detach().numpy()


def slope(function: Callable[[Tensor], Tensor]) -> Answer:
    """The gradient of the sum of function(x)."""

    def answer(inputs: Inputs) -> Array:
        x = t(inputs["x"]).requires_grad_()
        function(x).sum().backward()
        return np.asarray(x.grad)

    return answer


def dtype(function: Callable[[Inputs], Tensor]) -> Answer:
    """The type of the function's result: its first letter's code, and its bits."""

    def answer(inputs: Inputs) -> Array:
        kind = function(inputs).dtype
        return np.asarray([ord(str(kind).removeprefix("torch.")[0]), kind.itemsize * 8])

    return answer


def optimized(make: Callable[[list[Tensor]], torch.optim.Optimizer]) -> Answer:
    """The weight, which starts at 1, after each step on the question's gradients. rates: the learning rate of each step."""

    def answer(inputs: Inputs) -> Array:
        w = torch.ones(1, requires_grad=True)
        optimizer, trajectory = make([w]), []
        for rate, gradient in zip(inputs["rates"], inputs["gradients"], strict=True):
            optimizer.param_groups[0]["lr"] = float(rate)
            w.grad = torch.full((1,), float(gradient))
            optimizer.step()
            trajectory.append(w.item())
        return np.asarray(trajectory)

    return answer


def sampled(make: Callable[[], Tensor]) -> Answer:
    def answer(_: Inputs) -> Array:
        torch.manual_seed(0)
        return np.asarray(make().detach())

    return answer


def lazily(layer: Any, inputs: Inputs) -> Any:
    """The layer after its first call, from which it learns its number of channels."""
    layer(t(inputs["x"]))
    return layer


def weights(count: int) -> list[Tensor]:
    return [torch.ones(1, requires_grad=True) for _ in range(count)]


def rates(make: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler], count: int, first: float = 1.0) -> list[float]:
    """The learning rates of the first `count` updates."""
    optimizer = torch.optim.SGD(weights(1), lr=first)
    schedule, trajectory = make(optimizer), []
    for _ in range(count):
        trajectory.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return trajectory
