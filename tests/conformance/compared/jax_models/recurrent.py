"""An LSTM classifier in NNX and in Linen."""

import flax.linen as nn
from flax import nnx

INPUTS = ["3x7:0..18"]


class Classifier(nnx.Module):
    def __init__(self, rngs):
        self.embedding = nnx.Embed(19, 5, rngs=rngs)
        self.lstm = nnx.RNN(nnx.OptimizedLSTMCell(5, 6, rngs=rngs), rngs=rngs)
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


def linen():
    return LinenClassifier()
