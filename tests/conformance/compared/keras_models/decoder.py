"""A GPT with attention by hand; its head is a product with the embedding, no layer."""

import keras
from keras import layers, ops

INPUTS = ["3x7:0..18"]


class Attention(layers.Layer):
    def __init__(self):
        super().__init__()
        self.qkv, self.proj = layers.Dense(24), layers.Dense(8)

    def call(self, x):
        time = x.shape[1]
        parts = ops.split(self.qkv(x), 3, axis=-1)
        q, k, v = (ops.transpose(ops.reshape(part, (-1, time, 2, 4)), (0, 2, 1, 3)) for part in parts)
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / 2.0
        seen = ops.cast(ops.tril(ops.ones((time, time))), "bool")
        weights = ops.softmax(ops.where(seen, scores, -1e30), axis=-1)
        return self.proj(ops.reshape(ops.transpose(ops.matmul(weights, v), (0, 2, 1, 3)), (-1, time, 8)))


class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = (layers.LayerNormalization(epsilon=1e-5) for _ in range(2))
        self.attention, self.up, self.down = Attention(), layers.Dense(16), layers.Dense(8)

    def call(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(ops.gelu(self.up(self.norm2(x)), approximate=False))


class Decoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = layers.Embedding(19, 8), layers.Embedding(7, 8)
        self.blocks, self.norm = [Block(), Block()], layers.LayerNormalization(epsilon=1e-5)

    def call(self, tokens):
        x = self.tokens(tokens) + self.positions(ops.arange(7))
        for block in self.blocks:
            x = block(x)
        return ops.matmul(self.norm(x), ops.transpose(self.tokens.embeddings))


def build():
    return Decoder()
