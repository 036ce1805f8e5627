"""An LSTM classifier in NNX and Linen; `ported` unrolls the LSTM by hand, its gates in the order input, forget, output, new."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import nnx

INPUTS = ["3x7:0..18"]


class OwnLSTM(nnx.Module):
    def __init__(self, features, units, rngs):
        start = nnx.initializers.glorot_uniform()
        self.weight_x = nnx.Param(start(rngs.params(), (features, 4 * units)))
        self.weight_h = nnx.Param(start(rngs.params(), (units, 4 * units)))
        self.bias = nnx.Param(jnp.zeros(4 * units))

    def __call__(self, x):
        hidden = cell = jnp.zeros((len(x), self.weight_h.shape[0]), x.dtype)
        outputs = []
        for step in range(x.shape[1]):
            gates = x[:, step] @ self.weight_x + hidden @ self.weight_h + self.bias
            enter, forget, leave, new = jnp.split(gates, 4, axis=1)
            cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(enter) * jnp.tanh(new)
            hidden = jax.nn.sigmoid(leave) * jnp.tanh(cell)
            outputs.append(hidden)
        return jnp.stack(outputs, 1)


class Classifier(nnx.Module):
    def __init__(self, rngs, own=False):
        self.embedding = nnx.Embed(19, 5, rngs=rngs)
        self.lstm = OwnLSTM(5, 6, rngs) if own else nnx.RNN(nnx.OptimizedLSTMCell(5, 6, rngs=rngs), rngs=rngs)
        self.head = nnx.Linear(6, 4, rngs=rngs)

    def __call__(self, tokens):
        return self.head(self.lstm(self.embedding(tokens))[:, -1])


class LinenClassifier(nn.Module):
    @nn.compact
    def __call__(self, tokens):
        x = nn.RNN(nn.LSTMCell(6))(nn.Embed(19, 5)(tokens))
        return nn.Dense(4)(x[:, -1])


def build():
    return Classifier(nnx.Rngs(0))


def ported():
    return Classifier(nnx.Rngs(0), own=True)


def linen():
    return LinenClassifier()
