"""A LeNet of symbols, as an old checkpoint is, and a HybridBlock with functions of F."""

from __future__ import annotations

import mxnet as mx
from mxnet.gluon import nn


def from_symbols(classes: int = 5, act: str = "tanh"):
    data = mx.sym.Variable("data")
    body = mx.sym.Convolution(data, kernel=(3, 3), num_filter=6, pad=(1, 1), name="conv1")
    body = mx.sym.BatchNorm(body, fix_gamma=False, eps=1e-5, momentum=0.9, name="bn1")
    body = mx.sym.Activation(body, act_type=act, name="act1")
    body = mx.sym.Pooling(body, pool_type="max", kernel=(2, 2), stride=(2, 2), name="pool1")
    body = mx.sym.FullyConnected(mx.sym.Flatten(body), num_hidden=10, name="fc1")
    body = mx.sym.Activation(body, act_type=act, name="act2")
    block = mx.gluon.SymbolBlock(mx.sym.FullyConnected(body, num_hidden=classes, name="fc2"), data)
    block.initialize()
    return block


class Pair(mx.gluon.HybridBlock):
    """Two inputs by name, two outputs."""

    def __init__(self, units: int = 7, **kwargs) -> None:
        super().__init__(**kwargs)
        self.left, self.right = nn.Dense(units, flatten=False), nn.Dense(units, flatten=False)
        self.out = nn.Dense(3, flatten=False)

    def hybrid_forward(self, F, left, right):
        hidden = F.concat(F.relu(self.left(left)), self.right(right), dim=-1)
        return self.out(hidden), hidden
