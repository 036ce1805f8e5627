"""Models that hold tensors otherwise than their framework would: permuted, one-dimensional, axes of length 1, a loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as functions
from torch import Tensor, nn


class Written(nn.Module):
    def __init__(self, run: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.run = run
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, *tensors: Tensor) -> Any:
        return self.run(self, *tensors)


def flat_last() -> nn.Module:
    """Channels last in the row, as Keras flattens; a function lies between, so that the trace cannot see it."""

    def run(model: Any, x: Tensor) -> Any:
        pooled = functions.max_pool2d(torch.tanh(model.conv(x)), 2)
        return model.head(pooled.permute(0, 2, 3, 1).reshape(len(x), -1))

    return Written(run, conv=nn.Conv2d(3, 5, 3), head=nn.Linear(5 * 3 * 2, 7))


def flat_first() -> nn.Module:
    def run(model: Any, x: Tensor) -> Any:
        return model.head(functions.max_pool2d(torch.tanh(model.conv(x)), 2).flatten(1))

    return Written(run, conv=nn.Conv2d(3, 5, 3), head=nn.Linear(5 * 3 * 2, 7))


def door_last() -> nn.Module:
    def run(model: Any, x: Tensor) -> Any:
        return model.conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    return Written(run, conv=nn.Conv2d(3, 5, 3))


def signals() -> nn.Module:
    norm = nn.BatchNorm1d(5, eps=1e-3, momentum=0.01)
    layers = nn.Conv1d(3, 5, 3), norm, nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(25, 4)
    return nn.Sequential(*layers)


def slopes() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 5, 3), nn.PReLU(5), nn.Conv2d(5, 2, 1))


class Dropping(nn.Linear):
    def __init__(self, size: int, units: int) -> None:
        super().__init__(size, units)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.drop(x))


def child() -> nn.Module:
    return nn.Sequential(Dropping(5, 4), nn.ReLU(), nn.Linear(4, 2))


def plain() -> nn.Module:
    return nn.Sequential(nn.Dropout(0.1), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))


def one() -> nn.Module:
    return Written(lambda model, x: model.b(torch.relu(model.a(x))), a=nn.Linear(5, 4), b=nn.Linear(4, 1))


def two() -> nn.Module:
    return Written(lambda model, x: (model.b(torch.relu(model.a(x))), x), a=nn.Linear(5, 4), b=nn.Linear(4, 1))


def loss(reduction: str = "mean") -> nn.Module:
    def run(model: Any, x: Tensor, wanted: Tensor) -> Any:
        return functions.cross_entropy(model.b(torch.relu(model.a(x))), wanted, reduction=reduction)

    return Written(run, a=nn.Linear(5, 4), b=nn.Linear(4, 3))


def loss_sum() -> nn.Module:
    return loss("sum")


def volume() -> nn.Module:
    def run(model: Any, x: Tensor) -> Any:
        return model.head(functions.max_pool3d(torch.relu(model.norm(model.conv(x))), 2).mean((2, 3, 4)))

    return Written(run, conv=nn.Conv3d(1, 4, 3), norm=nn.BatchNorm3d(4, eps=1e-3, momentum=0.01), head=nn.Linear(4, 2))


def normed() -> nn.Module:
    return nn.Sequential(nn.Linear(7, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 4))


def one_slope() -> nn.Module:
    return nn.Sequential(nn.Linear(7, 5), nn.PReLU(), nn.Linear(5, 3))
