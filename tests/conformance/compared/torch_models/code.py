"""Code between layers, right and with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Between(nn.Module):
    """Two layers, and a function of their owner and of what the first gives."""

    def __init__(self, function: Callable[..., Tensor], first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.function, self.first, self.second = function, first, second

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.function(self, self.first(x)))


def rows(function: Callable[..., Tensor], units: int = 8, taken: int = 8) -> Callable[[], nn.Module]:
    return lambda: Between(function, nn.Linear(7, units), nn.Linear(taken, 3))


def images(function: Callable[..., Tensor]) -> Callable[[], nn.Module]:
    return lambda: Between(function, nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 2))


def masked(model: nn.Module, h: Tensor) -> Tensor:
    return h * (torch.rand_like(h) > 0.25) / 0.75 if model.training else h


def skipping(model: nn.Module, h: Tensor, skip: bool) -> Tensor:
    y = torch.tanh(h)
    return y + h if skip else y


def gated(_: nn.Module, h: Tensor, exchanged: bool) -> Tensor:
    value, gate = h.chunk(2, -1)[::-1] if exchanged else h.chunk(2, -1)
    return value * torch.sigmoid(gate)


def turned(_: nn.Module, h: Tensor, pairs: bool) -> Tensor:
    first, second = (h[..., ::2], h[..., 1::2]) if pairs else h.chunk(2, -1)
    return torch.cat([first * 0.6 - second * 0.8, second * 0.6 + first * 0.8], -1)


def dropped(model: nn.Module, h: Tensor, rate: float = 0.25, **how: Any) -> Tensor:
    return F.dropout(h, rate, **({"training": model.training} | how))


drops, always, other_rate = (rows(partial(dropped, **how)) for how in ({}, {"training": True}, {"rate": 0.5}))
by_hand = rows(masked)
skips, straight = (rows(partial(skipping, skip=skip)) for skip in (True, False))
gate_last, gate_first = (rows(partial(gated, exchanged=way), 16) for way in (False, True))
halves, pairs = (rows(partial(turned, pairs=way)) for way in (False, True))
smooth, smoother = (rows(lambda _, h, beta=beta: F.softplus(h, beta=beta)) for beta in (1.0, 2.0))
padded_behind, padded_before = (images(lambda _, h, pads=pads: F.pad(h, pads)) for pads in ((0, 1, 0, 1), (1, 0, 1, 0)))
counting, not_counting = (
    images(lambda _, h, counts=counts: F.avg_pool2d(h, 3, 1, 1, count_include_pad=counts)) for counts in (True, False)
)
free, aligned = (
    images(lambda _, h, corners=corners: F.interpolate(h, scale_factor=2, mode="bilinear", align_corners=corners))
    for corners in (False, True)
)


class Normed(nn.Module):
    """A batch norm, frozen inside of forward or not."""

    def __init__(self, frozen: bool) -> None:
        super().__init__()
        self.frozen, self.first, self.norm, self.second = frozen, nn.Linear(7, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        if self.frozen:
            self.norm.eval()
        return self.second(self.norm(self.first(x)))


moving, frozen = partial(Normed, False), partial(Normed, True)
