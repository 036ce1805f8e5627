"""A small residual network; `ported` took Keras's default epsilon along in the shortcut's batch norm."""

from torch import nn

INPUTS = ["3x3x8x8"]


class Block(nn.Module):
    def __init__(self, channels_in, channels, stride, epsilon=1e-5):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Sequential()
        if stride > 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels, eps=epsilon)
            )

    def forward(self, x):
        y = self.relu(self.norm1(self.conv1(x)))
        return self.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class Network(nn.Module):
    def __init__(self, epsilon=1e-5):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 9, 3, padding=1, bias=False), nn.BatchNorm2d(9), nn.ReLU(inplace=True))
        self.layers = nn.Sequential(Block(9, 9, 1), Block(9, 7, 2, epsilon))
        self.head = nn.Linear(7, 4)

    def forward(self, x):
        return self.head(self.layers(self.stem(x)).mean((2, 3)))


def build():
    return Network()


def ported():
    return Network(epsilon=1e-3)


def sequential():
    """The same network with layers made in another order and under other names."""
    network = Network()
    return nn.Sequential(network.stem, *network.layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), network.head)
