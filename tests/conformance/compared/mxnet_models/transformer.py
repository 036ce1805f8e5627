"""A Transformer encoder layer written out; its second input tells which tokens are real. `ported` hides those instead."""

from mxnet.gluon import HybridBlock, nn

INPUTS = ["3x7:0..18", "3x7:bool"]


class Encoder(HybridBlock):
    def __init__(self, inverted):
        super().__init__()
        self.inverted = inverted
        self.embedding = nn.Embedding(19, 8)
        self.query, self.key, self.value = (nn.Dense(8, flatten=False) for _ in range(3))
        self.out, self.norm1, self.norm2 = nn.Dense(8, flatten=False), nn.LayerNorm(), nn.LayerNorm()
        self.up, self.gelu, self.down = nn.Dense(16, flatten=False), nn.GELU(), nn.Dense(8, flatten=False)
        self.head = nn.Dense(5)

    def heads(self, F, x):
        return F.transpose(x.reshape((0, 0, 2, 4)), (0, 2, 1, 3)).reshape((-3, 0, 0))

    def hybrid_forward(self, F, tokens, real):
        x = self.embedding(tokens)
        q, k, v = (self.heads(F, part(x)) for part in (self.query, self.key, self.value))
        scores = F.batch_dot(q, k, transpose_b=True) / 2.0
        hidden = real if self.inverted else 1 - real
        hidden = F.repeat(F.expand_dims(hidden, 1), 2, axis=0)
        weights = F.softmax(F.broadcast_sub(scores, 1e9 * hidden))
        y = F.transpose(F.batch_dot(weights, v).reshape((-4, -1, 2, 0, 0)), (0, 2, 1, 3)).reshape((0, 0, -3))
        x = self.norm1(x + self.out(y))
        x = self.norm2(x + self.down(self.gelu(self.up(x))))
        return self.head(F.slice_axis(x, axis=1, begin=0, end=1))


def build():
    return Encoder(inverted=False)


def ported():
    return Encoder(inverted=True)
