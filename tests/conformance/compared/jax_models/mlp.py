"""A perceptron with two hidden layers: in NNX as a class and as a Sequential, and in Linen."""

import flax.linen as nn
import jax
from flax import nnx

INPUTS = ["5x13"]


class Perceptron(nnx.Module):
    def __init__(self, rngs):
        self.first = nnx.Linear(13, 11, rngs=rngs)
        self.second = nnx.Linear(11, 7, rngs=rngs)
        self.last = nnx.Linear(7, 3, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.first(x))
        x = nnx.relu(self.second(x))
        return self.last(x)


class Dropping(Perceptron):
    def __init__(self, rngs):
        super().__init__(rngs)
        self.dropout = nnx.Dropout(0.1, rngs=rngs)

    def __call__(self, x):
        return self.last(nnx.relu(self.second(self.dropout(nnx.relu(self.first(x))))))


class FixedKey(Dropping):
    """The mask of every step is the same: its key is made anew at each call."""

    def __call__(self, x):
        x = self.dropout(nnx.relu(self.first(x)), rngs=nnx.Rngs(0))
        return self.last(nnx.relu(self.second(x)))


class Detached(Perceptron):
    """The first layer is told to learn, and cannot."""

    def __call__(self, x):
        x = jax.lax.stop_gradient(nnx.relu(self.first(x)))
        return self.last(nnx.relu(self.second(x)))


class Linen(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(11)(x))
        x = nn.relu(nn.Dense(7)(x))
        return nn.Dense(3)(x)


class LinenDropping(nn.Module):
    @nn.compact
    def __call__(self, x, train: bool):
        x = nn.relu(nn.Dense(11)(x))
        x = nn.Dropout(0.1, deterministic=not train)(x)
        x = nn.relu(nn.Dense(7)(x))
        return nn.Dense(3)(x)


def build():
    return Perceptron(nnx.Rngs(0))


def sequential():
    rngs = nnx.Rngs(0)
    layers = [nnx.Linear(13, 11, rngs=rngs), nnx.relu, nnx.Linear(11, 7, rngs=rngs), nnx.relu, nnx.Linear(7, 3, rngs=rngs)]
    return nnx.Sequential(*layers)


def linen():
    return Linen()


def dropping():
    return Dropping(nnx.Rngs(0))


def linen_dropping():
    return LinenDropping()


def fixed_key():
    return FixedKey(nnx.Rngs(0))


def detached():
    return Detached(nnx.Rngs(0))


def nothing():
    build()
