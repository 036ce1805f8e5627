"""Models of images as people write them; each argument of a model that is not its default plants one fault."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1, each with a norm, and a shortcut; how: the planted fault."""

    def __init__(self, taken: int, width: int, stride: int, **how: Any) -> None:
        super().__init__()
        strides = (stride, 1) if how.get("stride_first") else (1, stride)
        dilation = how.get("dilation", 1)
        self.conv1 = nn.Conv2d(taken, width, 1, strides[0], bias=False)
        self.bn1 = nn.BatchNorm2d(width, eps=how.get("eps", 1e-5))
        self.conv2 = nn.Conv2d(
            width, width, 3, strides[1], dilation, dilation, groups=how.get("groups", 1), bias=False,
            padding_mode=how.get("padding_mode", "zeros"),
        )  # fmt: skip
        self.bn2 = nn.BatchNorm2d(width, momentum=how.get("momentum", 0.1))
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.down: nn.Module = nn.Identity()
        if taken != 4 * width:
            self.down = nn.Sequential(nn.Conv2d(taken, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        act = F.gelu if self.how.get("gelu") else F.relu
        y = act(self.bn1(self.conv1(x)))
        y = act(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        if self.how.get("no_skip") and isinstance(self.down, nn.Identity):
            return F.relu(y)
        if self.how.get("relu_before"):
            return F.relu(y) + self.down(x)
        return F.relu(y + self.down(x))


class ResNet(nn.Module):
    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.how = how
        self.stem, self.norm = nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8)
        self.block1, self.block2 = Bottleneck(8, 4, 1), Bottleneck(16, 6, 2, **how)
        self.block3 = Bottleneck(24, 6, 1, no_skip=how.get("no_skip"), relu_before=how.get("relu_before"))
        self.head = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        if self.how.get("frozen"):
            self.norm.eval()
        if self.how.get("scaled"):
            x = x / 255
        x = F.relu(self.norm(self.stem(x)))
        if self.how.get("pad_before"):
            x = F.max_pool2d(F.pad(x, (1, 0, 1, 0)), 3, 2)
        elif self.how.get("pad_behind"):
            x = F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 3, 2)
        elif self.how.get("average"):
            x = F.avg_pool2d(x, 3, 2, 1)
        else:
            x = F.max_pool2d(x, 3, 2, 1, ceil_mode=bool(self.how.get("ceil")))
        x = self.block3(self.block2(self.block1(x)))
        x = x.amax((2, 3)) if self.how.get("greatest") else x.mean((2, 3))
        x = F.dropout(x, 0.4, self.training or bool(self.how.get("dropping")))
        y = self.head(x)
        return y.softmax(-1) if self.how.get("softmax") else y


def resnet(**how: Any) -> nn.Module:
    return ResNet(**how)


class UNet(nn.Module):
    """Down and up once: functions for pooling, resizing and concatenation."""

    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.how = how
        self.enter, self.deep = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 10, 3, padding=1)
        self.norm = nn.GroupNorm(how.get("groups", 2), 10)
        self.up, self.merge = nn.Conv2d(10, 6, 1), nn.Conv2d(12, 6, 3, padding=0 if how.get("reflect") else 1)
        self.leave = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        how = self.how
        skip = F.leaky_relu(self.enter(x), how.get("slope", 0.01))
        y = F.avg_pool2d(skip, 2) if how.get("average") else F.max_pool2d(skip, 2)
        y = F.elu(self.norm(self.deep(y)), how.get("alpha", 1.0))
        mode = how.get("mode", "bilinear")
        corners = {} if mode == "nearest" else {"align_corners": how.get("corners", False)}
        y = self.up(F.interpolate(y, scale_factor=2, mode=mode, **corners))
        y = torch.cat([y, skip] if how.get("turned") else [skip, y], 1)
        y = self.merge(F.pad(y, (1, 1, 1, 1), mode="reflect") if how.get("reflect") else y)
        return self.leave(F.relu(y))


def unet(**how: Any) -> nn.Module:
    return UNet(**how)


class Squeezed(nn.Module):
    """A depthwise separable block with squeeze and excitation, as in MobileNetV3."""

    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.how = how
        self.expand, self.norm1 = nn.Conv2d(4, 12, 1, bias=False), nn.BatchNorm2d(12)
        self.deep, self.norm2 = nn.Conv2d(12, 12, 3, 2, 1, groups=12, bias=False), nn.BatchNorm2d(12)
        self.down, self.back = nn.Linear(12, 3), nn.Linear(3, 12)
        self.project, self.head = nn.Conv2d(12, 6, 1), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        how = self.how
        y = F.relu6(self.norm1(self.expand(x))) if how.get("relu6") else F.hardswish(self.norm1(self.expand(x)))
        y = self.norm2(self.deep(y))
        squeezed = y.sum((2, 3)) if how.get("summed") else y.mean((2, 3))
        gate = self.back(F.relu(self.down(squeezed)))
        gate = torch.sigmoid(gate) if how.get("sigmoid") else F.hardsigmoid(gate)
        y = y + gate[:, :, None, None] if how.get("added") else y * gate[:, :, None, None]
        y = self.project(F.silu(y) if how.get("silu") else F.hardswish(y))
        return self.head(y.mean((2, 3)))


def squeezed(**how: Any) -> nn.Module:
    return Squeezed(**how)


class Patches(nn.Module):
    """A vision transformer's ends: patches, a class token, positions, and a head on the token."""

    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.how = how
        self.embed = nn.Conv2d(3, 8, 4, 4)
        self.token, self.places = nn.Parameter(torch.randn(1, 1, 8)), nn.Parameter(torch.randn(1, 5, 8))
        self.norm, self.mix, self.head = nn.LayerNorm(8, eps=how.get("eps", 1e-6)), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.embed(x)
        y = y.flatten(2).transpose(1, 2) if not self.how.get("columns") else y.transpose(2, 3).flatten(2).transpose(1, 2)
        token = self.token.expand(len(x), -1, -1)
        y = torch.cat([y, token] if self.how.get("behind") else [token, y], 1)
        if not self.how.get("placeless"):
            y = y + self.places
        y = y + F.gelu(self.mix(self.norm(y)), approximate="tanh" if self.how.get("tanh") else "none")
        return self.head(y.mean(1) if self.how.get("averaged") else y[:, 0])


def patches(**how: Any) -> nn.Module:
    return Patches(**how)
