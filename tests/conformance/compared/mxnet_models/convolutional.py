"""Convolutions at stride 2: `build` pads as `same` does in Keras (at the end first), `ported` on both sides alike."""

from mxnet.gluon import HybridBlock, nn

INPUTS = ["3x3x8x8"]


class Network(HybridBlock):
    def __init__(self, symmetric):
        super().__init__()
        self.symmetric = symmetric
        self.conv1 = nn.Conv2D(5, 3, padding=1, activation="relu")
        self.conv2 = nn.Conv2D(7, 3, 2, padding=1 if symmetric else 0, activation="relu")
        self.fc = nn.Dense(4)

    def hybrid_forward(self, F, x):
        x = self.conv1(x)
        if not self.symmetric:
            x = F.pad(x, mode="constant", constant_value=0, pad_width=(0, 0, 0, 0, 0, 1, 0, 1))
        return self.fc(self.conv2(x))


def build():
    return Network(symmetric=False)


def ported():
    return Network(symmetric=True)
