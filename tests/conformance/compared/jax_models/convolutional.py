"""Convolutions at stride 2: `build` pads as Flax's SAME does (at the end first), `ported` on both sides alike."""

from flax import nnx

INPUTS = ["3x8x8x3"]


class Convolutional(nnx.Module):
    def __init__(self, padding, rngs):
        self.conv1 = nnx.Conv(3, 5, (3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(5, 7, (3, 3), strides=2, padding=padding, rngs=rngs)
        self.fc = nnx.Linear(4 * 4 * 7, 4, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.conv2(nnx.relu(self.conv1(x))))
        return self.fc(x.reshape(len(x), -1))


def build():
    return Convolutional("SAME", nnx.Rngs(0))


def ported():
    return Convolutional(1, nnx.Rngs(0))
