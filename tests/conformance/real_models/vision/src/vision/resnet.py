"""A small ResNet whose sizes stand in config.json beside this file."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .blocks import BasicBlock


class ResNet(nn.Module):
    def __init__(self, widths: list[int], depths: list[int], num_classes: int = 1000, norm_eps: float = 1e-5) -> None:
        super().__init__()
        norm_layer = partial(nn.BatchNorm2d, eps=norm_eps)
        self.conv1 = nn.Conv2d(3, widths[0], kernel_size=3, stride=2, padding=1, bias=False)
        self.bn1 = norm_layer(widths[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        blocks, inplanes = [], widths[0]
        for stage, (planes, depth) in enumerate(zip(widths, depths, strict=True)):
            for number in range(depth):
                blocks.append(BasicBlock(inplanes, planes, 2 if stage and not number else 1, norm_layer))
                inplanes = planes
        self.layers = nn.Sequential(*blocks)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(inplanes, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.avgpool(self.layers(x))
        return self.fc(torch.flatten(x, 1))


def resnet_tiny(*, progress: bool = True, **kwargs: Any) -> ResNet:
    config = json.loads((Path(__file__).parent / "config.json").read_text())
    return ResNet(**{**config, **kwargs})
