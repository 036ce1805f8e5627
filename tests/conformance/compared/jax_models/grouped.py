"""Convolutions with group norms; `default` keeps Flax's epsilon of 1e-6, where torch has 1e-5."""

from flax import nnx

INPUTS = ["2x8x8x3"]


class Grouped(nnx.Module):
    def __init__(self, epsilon, rngs):
        self.conv1 = nnx.Conv(3, 6, (3, 3), padding=1, rngs=rngs)
        self.norm1 = nnx.GroupNorm(6, num_groups=2, epsilon=epsilon, rngs=rngs)
        self.conv2 = nnx.Conv(6, 8, (3, 3), strides=2, padding=1, rngs=rngs)
        self.norm2 = nnx.GroupNorm(8, num_groups=4, epsilon=epsilon, rngs=rngs)
        self.head = nnx.Linear(8, 4, rngs=rngs)

    def __call__(self, x):
        x = nnx.silu(self.norm1(self.conv1(x)))
        x = nnx.silu(self.norm2(self.conv2(x)))
        return self.head(x.mean(axis=(1, 2)))


def build():
    return Grouped(1e-5, nnx.Rngs(0))


def default():
    return Grouped(1e-6, nnx.Rngs(0))
