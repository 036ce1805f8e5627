"""A Transformer encoder; its second input tells which tokens are real. `ported` hands torch's meaning of a mask to Flax, and
`default_norms` keeps Flax's epsilon of 1e-6."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import nnx

INPUTS = ["3x7:0..18", "3x7:bool"]


class Block(nnx.Module):
    def __init__(self, epsilon, rngs):
        self.attention = nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs)
        self.norm1 = nnx.LayerNorm(8, epsilon=epsilon, rngs=rngs)
        self.norm2 = nnx.LayerNorm(8, epsilon=epsilon, rngs=rngs)
        self.up = nnx.Linear(8, 16, rngs=rngs)
        self.down = nnx.Linear(16, 8, rngs=rngs)

    def __call__(self, x, mask):
        x = self.norm1(x + self.attention(x, mask=mask))
        return self.norm2(x + self.down(jax.nn.gelu(self.up(x), approximate=False)))


class Encoder(nnx.Module):
    def __init__(self, inverted=False, epsilon=1e-5, rngs=None):
        rngs = rngs or nnx.Rngs(0)
        self.embedding = nnx.Embed(19, 8, rngs=rngs)
        self.positions = nnx.Param(jnp.zeros((7, 8)))
        self.blocks = nnx.List([Block(epsilon, rngs) for _ in range(2)])
        self.head = nnx.Linear(8, 5, rngs=rngs)
        self.inverted = inverted

    def __call__(self, tokens, real):
        mask = ~real if self.inverted else real
        x = self.embedding(tokens) + self.positions[...]
        for block in self.blocks:
            x = block(x, mask[:, None, None, :])
        return self.head(x[:, 0])


class LinenEncoder(nn.Module):
    @nn.compact
    def __call__(self, tokens, real):
        x = nn.Embed(19, 8)(tokens) + self.param("positions", nn.initializers.zeros_init(), (7, 8))
        for _ in range(2):
            y = nn.MultiHeadDotProductAttention(2)(x, x, mask=real[:, None, None, :])
            x = nn.LayerNorm(epsilon=1e-5)(x + y)
            y = nn.Dense(8)(nn.gelu(nn.Dense(16)(x), approximate=False))
            x = nn.LayerNorm(epsilon=1e-5)(x + y)
        return nn.Dense(5)(x[:, 0])


def build():
    return Encoder()


def ported():
    return Encoder(inverted=True)


def default_norms():
    return Encoder(epsilon=1e-6)


def linen():
    return LinenEncoder()
