"""Noise becomes an image: a dense layer, reshaped, transposed convolutions. Flax reads their kernel mirrored, unless it is told
`transpose_kernel`."""

import flax.linen as nn
import jax.numpy as jnp
from flax import nnx

INPUTS = ["3x5"]


class Generator(nnx.Module):
    def __init__(self, turned, rngs):
        self.row = nnx.Linear(5, 6 * 4 * 3, rngs=rngs)
        self.norm = nnx.BatchNorm(6, epsilon=1e-3, momentum=0.99, rngs=rngs)
        self.up = nnx.ConvTranspose(6, 4, (4, 4), strides=(2, 2), padding="SAME", transpose_kernel=turned, rngs=rngs)
        self.out = nnx.ConvTranspose(4, 2, (4, 4), strides=(2, 2), padding="SAME", transpose_kernel=turned, rngs=rngs)

    def __call__(self, noise):
        image = self.row(noise).reshape(-1, 6, 4, 3).transpose(0, 2, 3, 1)
        image = nnx.relu(self.norm(image))
        return jnp.tanh(self.out(nnx.relu(self.up(image))))


class LinenGenerator(nn.Module):
    @nn.compact
    def __call__(self, noise, train: bool = False):
        image = nn.Dense(6 * 4 * 3)(noise).reshape(-1, 6, 4, 3).transpose(0, 2, 3, 1)
        image = nn.relu(nn.BatchNorm(use_running_average=not train, epsilon=1e-3)(image))
        image = nn.relu(nn.ConvTranspose(4, (4, 4), strides=(2, 2), transpose_kernel=True)(image))
        return jnp.tanh(nn.ConvTranspose(2, (4, 4), strides=(2, 2), transpose_kernel=True)(image))


def build():
    return Generator(True, nnx.Rngs(0))


def flipped():
    return Generator(False, nnx.Rngs(0))


def linen():
    return LinenGenerator()
