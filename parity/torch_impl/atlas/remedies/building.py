"""Owns what advice of several chapters for PyTorch is built with.

It refuses to advise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from parity.torch_impl.atlas.asking import Answer, Inputs, t

ROWS = torch.tensor([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 2.5]])
IMAGE = (torch.arange(36.0) * 7 % 36).reshape(1, 1, 6, 6)
KERNEL = (torch.arange(9.0) - 3).reshape(1, 1, 3, 3)
BATCH = (torch.arange(120.0) * 7 % 120).reshape(2, 3, 4, 5)
PIXELS = (torch.arange(96.0) * 5 % 96).reshape(2, 4, 3, 4)


def running(**arguments: Any) -> Tensor:
    """The running mean after one batch."""
    layer = nn.BatchNorm1d(2, **arguments)
    layer(ROWS)
    return layer.running_mean


def table(index: Tensor) -> Tensor:
    return nn.Embedding.from_pretrained(torch.arange(5.0)[:, None] * 10)(index)


def within(inputs: Inputs) -> bool:
    index = t(inputs["index"])
    return bool(index.min() >= 0 and index.max() < 5)


SMALL: Callable[[Tensor], Any] = lambda w: nn.init.uniform_(w, -0.07, 0.07)  # noqa: E731 - the call that is advised
Make = Callable[[list[Tensor]], torch.optim.Optimizer]
DECAY = 0.25


def stepped(make: Make, before: Callable[..., None] = lambda *_: None) -> Answer:
    """The weight after each step from 1. before(optimizer, w, step (from 1), rate, last rate) is called before it."""

    def answer(inputs: Inputs) -> list[float]:
        w = torch.ones(1, requires_grad=True)
        optimizer, trajectory, last = make([w]), [], float(inputs["rates"][0])
        for step, (rate, gradient) in enumerate(zip(inputs["rates"], inputs["gradients"], strict=True), start=1):
            optimizer.param_groups[0]["lr"] = float(rate)
            w.grad = torch.full((1,), float(gradient))
            before(optimizer, w, step, float(rate), last)
            optimizer.step()
            trajectory.append(w.item())
            last = float(rate)
        return trajectory

    return answer


def rescaled(optimizer: Any, w: Tensor, _: int, rate: float, last: float) -> None:
    """Acts as if the velocity contained the learning rate, which then stays that of earlier steps when the rate changes."""
    if "momentum_buffer" in optimizer.state[w]:
        optimizer.state[w]["momentum_buffer"].mul_(last / rate)


def shrunk(_optimizer: Any, w: Tensor, _: int, rate: float, _last: float) -> None:
    decay = DECAY
    w.data.mul_(1 - rate * decay)
