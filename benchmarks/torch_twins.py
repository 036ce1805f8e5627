"""The networks of specs/suites/speed.yaml as a good user of PyTorch writes them, by hand: the twins of parity's realizations.

`parity bench NAME --twin benchmarks` alternates the steps of both in one process. Nothing here imports parity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

MODES = ("eager", "compiled", "channels_last", "compiled[channels_last]")


def lenet_relu() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


class Basic(nn.Module):
    def __init__(self, given: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(given, filters, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.shortcut = (
            nn.Sequential(nn.Conv2d(given, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)) if stride > 1 else None
        )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return functional.relu(y + (x if self.shortcut is None else self.shortcut(x)))


def resnet18_small_images() -> nn.Module:
    sizes = ((64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1))
    stem = (nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU())
    return nn.Sequential(*stem, *(Basic(*size) for size in sizes), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(256, 256, num_layers=2, batch_first=True)
        self.logits = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(self.lstm(x)[0][:, -1])


def lstm_classifier() -> nn.Module:
    return Recurrent()


class EncoderLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(256, 4, batch_first=True)
        self.norm1 = nn.LayerNorm(256)
        self.inner, self.outer = nn.Linear(256, 1024), nn.Linear(1024, 256)
        self.norm2 = nn.LayerNorm(256)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(x + self.attention(x, x, x, need_weights=False)[0])
        return self.norm2(x + self.outer(functional.relu(self.inner(x))))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(EncoderLayer() for _ in range(4)))
        self.logits = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(self.layers(x).mean(1))


def transformer_encoder() -> nn.Module:
    return Encoder()


NETWORKS = {made.__name__: made for made in (lenet_relu, resnet18_small_images, lstm_classifier, transformer_encoder)}


def optimizer_of(name: str, h: Mapping[str, float], parameters: list[nn.Parameter], best: bool) -> torch.optim.Optimizer:
    fused = {"fused": True} if best else {}
    if name == "adam":
        return torch.optim.Adam(parameters, lr=h["learning_rate"], betas=(h["beta_1"], h["beta_2"]), eps=h["epsilon"], **fused)
    return torch.optim.SGD(parameters, lr=h["learning_rate"], momentum=h["momentum"], **fused)


class Twin:
    """A model, its optimizer and its step. best: with PyTorch's fused optimizer, which nobody gets without asking."""

    def __init__(self, network: str, mode: str, optimizer: str, hyperparameters: Mapping[str, float], best: bool) -> None:
        self.model, self.last = NETWORKS[network](), "channels_last" in mode
        if self.last:
            self.model.to(memory_format=torch.channels_last)
        self.optimizer = optimizer_of(optimizer, hyperparameters, list(self.model.parameters()), best)
        compiled = mode.startswith("compiled")
        self.run = torch.compile(self._loss) if compiled else self._loss

    def _loss(self, x: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(self.model(x), labels)

    def place(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        (name,) = set(batch) - {"label"}
        x = torch.tensor(np.asarray(batch[name]), dtype=torch.float32)
        x = x.contiguous(memory_format=torch.channels_last) if self.last and x.ndim == 4 else x
        return x, torch.tensor(np.asarray(batch["label"]), dtype=torch.int64)

    def step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        loss = self.run(*batch)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.detach()

    def synchronize(self) -> None:
        """A CPU has nothing pending."""

    def take(self, realization: Any) -> None:
        """Starts from the realization's weights, in the order in which both have them."""
        root = realization.network.root
        theirs, mine = [*root.parameters(), *root.buffers()], [*self.model.parameters(), *self.model.buffers()]
        with torch.no_grad():
            for own, other in zip(mine, theirs, strict=True):
                own.copy_(other)


def twin(network: str, mode: str, optimizer: str, hyperparameters: Mapping[str, float], best: bool = False) -> Twin:
    """The twin of a network's realization in a mode."""
    return Twin(network, mode, optimizer, hyperparameters, best)
