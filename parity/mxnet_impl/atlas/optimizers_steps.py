"""Owns MXNet's answers to the atlas about steps of optimizers, one after the other.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, optimized, parameter, started, t, trainer_of
from parity.mxnet_impl.device import mxnet

autograd, gluon, nd, nn, optimizer = mxnet.autograd, mxnet.gluon, mxnet.nd, mxnet.gluon.nn, mxnet.optimizer


def _alike(inputs: Inputs) -> float:
    update, pair = optimizer.get_updater(optimizer.Nadam(0.5, 0.5, 0.75)), [nd.ones(1), nd.ones(1)]
    for gradient in inputs["gradients"]:
        for index, w in enumerate(pair):
            update(index, nd.full(1, float(gradient)), w)
    return float(pair[0].asscalar() != pair[1].asscalar())


def _moved(rule: Any, start: list[float]) -> Array:
    """The weights after one step on gradients of 1."""
    w = nd.array(start)
    optimizer.get_updater(rule)(0, nd.ones_like(w), w)
    return np.asarray(w.asnumpy())


def _late(_: Inputs) -> Array:
    update = optimizer.get_updater(optimizer.Adam(0.5, 0.5, 0.75, 2.0**-20))
    early, late = nd.ones(1), nd.ones(1)
    update(0, nd.ones(1), early)
    update(0, nd.ones(1), early)
    update(1, nd.ones(1), late)
    return np.asarray(late.asnumpy())


def _precise(_: Inputs) -> float:
    """The error of a float64 step of rate 0.1, in units of the error of 0.1 in float32."""
    w = nd.ones(1, dtype="float64")
    optimizer.get_updater(optimizer.SGD(learning_rate=0.1))(0, nd.ones(1, dtype="float64"), w)
    return (0.9 - float(w.asscalar())) / (float(np.float32(0.1)) - 0.1)


def _unused(_: Inputs) -> float:
    used, unused = parameter("used"), parameter("unused")
    trainer = trainer_of(used, unused, decay=0.25)
    with autograd.record():
        total = used.data().sum()
    total.backward()
    trainer.step(1)
    return float(unused.data().asscalar())


def _bias(_: Inputs) -> Array:
    layer = started(nn.Dense(1, in_units=1, bias_initializer="ones"))
    trainer = gluon.Trainer(layer.collect_params(), "sgd", {"learning_rate": 1.0, "wd": 0.25})
    with autograd.record():
        total = layer(nd.zeros((1, 1))).sum() * 0
    total.backward()
    trainer.step(1)
    return np.asarray(layer.bias.data().asnumpy())


def _named(_: Inputs) -> Array:
    """A weight after a step of an optimizer that knows the names of the weights, as Module makes it."""
    w, rule = nd.ones(1), optimizer.SGD(learning_rate=1.0, wd=0.25, param_idx2name={0: "dense_bias"})
    optimizer.get_updater(rule)(0, nd.zeros(1), w)
    return np.asarray(w.asnumpy())


def _infinite(inputs: Inputs) -> Array:
    x = t(inputs["x"])
    gluon.utils.clip_global_norm([x], 1.0)
    return np.asarray(x.asnumpy())


ANSWERS: Mapping[str, Answer] = {
    "sgd.float64": _precise,
    "nadam.schedule": optimized(lambda: optimizer.Nadam(beta1=0.5, beta2=0.75, epsilon=2.0**-10)),
    "nadam.weights": _alike,
    "rmsprop.momentum_form": optimized(lambda: optimizer.RMSProp(gamma1=0.75, gamma2=0.5, epsilon=2.0**-40)),
    "adagrad.decay": optimized(lambda: optimizer.AdaGrad(wd=0.25)),
    "ftrl.penalty_2": lambda _: _moved(optimizer.Ftrl(lamda1=0.0, learning_rate=0.5, beta=1.0, wd=0.5), [1.0]),
    "lamb.decay": lambda _: _moved(optimizer.LAMB(learning_rate=0.5, epsilon=2.0**-40, wd=0.25), [3.0, 4.0]),
    "adam.late_weight": _late,
    "step.unused": _unused,
    "decay.bias": _bias,
    "decay.bias_by_name": _named,
    "clip_norm.infinite": _infinite,
}
