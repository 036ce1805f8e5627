"""Convolutions at stride 2: `build` pads as `same` does in Keras (at the end first), `ported` on both sides alike."""

from torch import nn
from torch.nn import functional

INPUTS = ["3x3x8x8"]


class Same(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 5, 3, padding=1)
        self.conv2 = nn.Conv2d(5, 7, 3, stride=2)
        self.fc = nn.Linear(7 * 4 * 4, 4)

    def forward(self, x):
        x = self.conv1(x).relu()
        x = self.conv2(functional.pad(x, (0, 1, 0, 1))).relu()
        return self.fc(x.flatten(1))


class Symmetric(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 5, 3, padding=1)
        self.conv2 = nn.Conv2d(5, 7, 3, stride=2, padding=1)
        self.fc = nn.Linear(7 * 4 * 4, 4)

    def forward(self, x):
        x = self.conv2(self.conv1(x).relu()).relu()
        return self.fc(x.flatten(1))


class Turned(Symmetric):
    """Flattens height, width, channels, as Keras does."""

    def forward(self, x):
        x = self.conv2(self.conv1(x).relu()).relu()
        return self.fc(x.permute(0, 2, 3, 1).flatten(1))


def build():
    return Same()


def ported():
    return Symmetric()


def turned():
    return Turned()
