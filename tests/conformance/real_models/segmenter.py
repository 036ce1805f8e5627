"""A U-Net that takes a pair of images and returns a dataclass."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


@dataclass
class Segmented:
    mask: Tensor
    features: list[Tensor] = field(default_factory=list)
    note: str = ""


class UNet(nn.Module):
    def __init__(self, width: int = 6, classes: int = 2, slope: float = 0.2) -> None:
        super().__init__()
        self.down1 = nn.Sequential(nn.Conv2d(4, width, 3, padding=1), nn.LeakyReLU(slope))
        self.down2 = nn.Sequential(nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), nn.LeakyReLU(slope))
        self.up = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.head = nn.Conv2d(2 * width, classes, 1)

    def forward(self, pair: tuple[Tensor, Tensor]) -> Segmented:
        image, depth = pair
        first = self.down1(torch.cat([image, depth], dim=1))
        second = self.down2(first)
        mask = self.head(torch.cat([first, self.up(second)], dim=1))
        return Segmented(mask, [first, second], note="two scales")
