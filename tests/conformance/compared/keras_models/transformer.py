"""A Transformer encoder; its second input tells which tokens are real. `ported` hands torch's meaning of a mask to Keras."""

import keras
from keras import layers, ops

INPUTS = ["3x7:0..18", "3x7:bool"]


class Positions(layers.Layer):
    def build(self, shape):
        self.table = self.add_weight(shape=shape[1:], initializer="zeros", name="table")

    def call(self, x):
        return x + self.table


class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.attention = layers.MultiHeadAttention(2, 4)
        self.norm1 = layers.LayerNormalization(epsilon=1e-5)
        self.norm2 = layers.LayerNormalization(epsilon=1e-5)
        self.up = layers.Dense(16, activation="gelu")
        self.down = layers.Dense(8)

    def call(self, x, mask):
        x = self.norm1(x + self.attention(x, x, attention_mask=mask))
        return self.norm2(x + self.down(self.up(x)))


class Encoder(keras.Model):
    def __init__(self, inverted=False):
        super().__init__()
        self.embedding = layers.Embedding(19, 8)
        self.positions = Positions()
        self.blocks = [Block(), Block()]
        self.head = layers.Dense(5)
        self.inverted = inverted

    def call(self, tokens, real):
        mask = ops.logical_not(real) if self.inverted else real
        x = self.positions(self.embedding(tokens))
        for block in self.blocks:
            x = block(x, mask[:, None, :])
        return self.head(x[:, 0])


def build():
    return Encoder()


def ported():
    return Encoder(inverted=True)
