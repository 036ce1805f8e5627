"""The torch sides of `gluon_models`."""

from __future__ import annotations

import torch
from torch import nn


def lenet(classes: int = 5, act: str = "Tanh") -> nn.Module:
    kind = getattr(nn, act)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), kind(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(96, 10), kind(),
        nn.Linear(10, classes),
    )  # fmt: skip


class Pair(nn.Module):
    def __init__(self, units: int = 7) -> None:
        super().__init__()
        self.left, self.right, self.out = nn.Linear(4, units), nn.Linear(6, units), nn.Linear(2 * units, 3)

    def forward(self, right: torch.Tensor, left: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = torch.cat([torch.relu(self.left(left)), self.right(right)], dim=-1)
        return self.out(hidden), hidden
