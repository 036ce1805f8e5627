"""Models that are symbols, or call operators with parameters of their own."""

from __future__ import annotations

from typing import Any

import mxnet
from mxnet import gluon
from mxnet.gluon import nn


def symbol(**norm: Any) -> Any:
    x = mxnet.sym.FullyConnected(mxnet.sym.Variable("data"), num_hidden=12, name="first")
    x = mxnet.sym.Activation(mxnet.sym.BatchNorm(x, name="norm", **norm), act_type="relu")
    return gluon.SymbolBlock(mxnet.sym.FullyConnected(x, num_hidden=4, name="last"), mxnet.sym.Variable("data"))


def fixed() -> Any:
    return symbol()


def right() -> Any:
    return symbol(fix_gamma=False, eps=1e-5)


class Raw(gluon.HybridBlock):
    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.first, self.last = nn.Dense(12, in_units=7), nn.Dense(4, in_units=12)
            self.gamma = self.params.get("gamma", shape=(12,), init="ones")
            self.beta = self.params.get("beta", shape=(12,), init="zeros")
            self.mean = self.params.get("mean", shape=(12,), init="zeros", grad_req="null")
            self.var = self.params.get("var", shape=(12,), init="ones", grad_req="null")

    def hybrid_forward(self, F: Any, x: Any, gamma: Any, beta: Any, mean: Any, var: Any) -> Any:
        normed = F.BatchNorm(self.first(x), gamma, beta, mean, var, fix_gamma=False, eps=1e-5)
        return self.last(F.relu(normed))


class Dropping(nn.Dense):
    """Its own parameters are those of the native layer."""

    def __init__(self) -> None:
        super().__init__(12, in_units=7)
        with self.name_scope():
            self.drop = nn.Dropout(0.1)

    def hybrid_forward(self, F: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        return super().hybrid_forward(F, self.drop(x), weight, bias)


def chain(*layers: Any) -> Any:
    found = nn.HybridSequential()
    found.add(*layers)
    return found


def child() -> Any:
    return chain(Dropping(), nn.Activation("relu"), nn.Dense(4, in_units=12))


def plain() -> Any:
    return chain(nn.Dropout(0.1), nn.Dense(12, in_units=7), nn.Activation("relu"), nn.Dense(4, in_units=12))


def raw() -> Any:
    return Raw()


def one_slope() -> Any:
    return chain(nn.Dense(5, in_units=7), nn.PReLU(), nn.Dense(3, in_units=5))


class Loss(gluon.HybridBlock):
    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.first, self.last = nn.Dense(4, in_units=5), nn.Dense(3, in_units=4)
            self.loss = gluon.loss.SoftmaxCrossEntropyLoss()

    def hybrid_forward(self, F: Any, x: Any, wanted: Any) -> Any:
        return F.mean(self.loss(self.last(F.relu(self.first(x))), wanted))


def loss() -> Any:
    return Loss()
