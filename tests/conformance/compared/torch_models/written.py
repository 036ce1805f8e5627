"""Models whose parameters are not there from the first, or stand where no layer has them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils import parametrizations


def lazy() -> nn.Module:
    return nn.Sequential(nn.LazyLinear(6), nn.ReLU(), nn.LazyLinear(3))


def plain() -> nn.Module:
    return nn.Sequential(nn.Linear(7, 6), nn.ReLU(), nn.Linear(6, 3))


def weight_normed() -> nn.Module:
    return nn.Sequential(parametrizations.weight_norm(nn.Linear(7, 6)), nn.ReLU(), nn.Linear(6, 3))


class Fourier(nn.Module):
    """Features of a buffer that every model draws anew."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.randn(7, 6))
        self.out = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.sin(x @ self.frequencies))


def fourier() -> nn.Module:
    return Fourier()
