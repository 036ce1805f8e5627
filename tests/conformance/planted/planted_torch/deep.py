"""A ResNet-50 as people write it by hand; eps plants a fault in its last block."""

from __future__ import annotations

from torch import Tensor, nn


class Bottleneck(nn.Module):
    def __init__(self, taken: int, width: int, stride: int, eps: float) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(taken, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width, eps=eps)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.down = None
        if taken != 4 * width:
            self.down = nn.Sequential(nn.Conv2d(taken, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.down is None else self.down(x)))


class ResNet50(nn.Module):
    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.pool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        blocks, taken = list[nn.Module](), 64
        for number, (count, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512))):
            for place in range(count):
                last = number == 3 and place == 2
                blocks.append(Bottleneck(taken, width, 2 if place == 0 and number else 1, eps if last else 1e-5))
                taken = 4 * width
        self.blocks, self.fc = nn.Sequential(*blocks), nn.Linear(2048, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(self.blocks(x).mean((2, 3)))


class Stack(nn.Module):
    """So many layers of the small kind, in blocks with a skip; eps plants a fault at nine tenths of its depth."""

    def __init__(self, layers: int, eps: float = 1e-5) -> None:
        super().__init__()
        count = layers // 4
        self.first = nn.ModuleList(nn.Linear(6, 6) for _ in range(count))
        self.norms = nn.ModuleList(nn.LayerNorm(6, eps=eps if n == 9 * count // 10 else 1e-5) for n in range(count))
        self.bends = nn.ModuleList(nn.Tanh() for _ in range(count))
        self.second = nn.ModuleList(nn.Linear(6, 6) for _ in range(count))

    def forward(self, x: Tensor) -> Tensor:
        for first, norm, bend, second in zip(self.first, self.norms, self.bends, self.second, strict=True):
            x = 0.5 * x + second(bend(norm(first(x))))
        return x
