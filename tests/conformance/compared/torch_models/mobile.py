"""A depthwise and a pointwise convolution beside a shortcut that is called first, global pooling without a layer."""

from torch import nn


class Mobile(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), nn.Conv2d(4, 6, 1), nn.BatchNorm2d(6, eps=1e-3, momentum=0.01)
        )
        self.shortcut = nn.Sequential(nn.Conv2d(4, 6, 1, bias=False), nn.BatchNorm2d(6, eps=1e-3, momentum=0.01))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        shortcut = self.shortcut(x)
        return self.head((self.main(x) + shortcut).relu().mean((2, 3)))


def build():
    return Mobile()
