"""Owns what the atlas advises for MXNet about steps of optimizers, one after the other, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, t
from parity.mxnet_impl.atlas.remedies.building import DECAY, n, parameter, stepped
from parity.mxnet_impl.device import mxnet

autograd, gluon, nd, optimizer = mxnet.autograd, mxnet.gluon, mxnet.nd, mxnet.optimizer


def _unused(_: Inputs) -> float:
    used, unused = parameter("used"), parameter("unused")
    trainer = gluon.Trainer({"used": used, "unused": unused}, "sgd", {"learning_rate": 1.0, "wd": 0.25})
    with autograd.record():
        total = used.data().sum()
    total.backward()
    trainer.step(1, ignore_stale_grad=True)
    return float(unused.data().asscalar())


def _moved(rule: Any, start: Array) -> Array:
    """The weights after one step on gradients of 1."""
    w = nd.array(start)
    optimizer.get_updater(rule)(0, nd.ones_like(w), w)
    return n(w)


def _decayed_first(_: Inputs) -> Array:
    rate, decay = 0.5, DECAY
    return _moved(optimizer.LAMB(learning_rate=rate, epsilon=2.0**-40, wd=0.0), np.array([3.0, 4.0]) * (1 - rate * decay))


def _finite(inputs: Inputs) -> Array:
    w, x = nd.zeros(2), t(inputs["x"])
    norm = gluon.utils.clip_global_norm([x], 1.0)
    if np.isfinite(norm):
        optimizer.get_updater(optimizer.SGD(learning_rate=1.0))(0, x, w)
    return n(w)


def _decayed(_: Inputs) -> Array:
    w, rule = nd.ones(1), optimizer.SGD(learning_rate=1.0, wd=0.25, param_idx2name={0: "dense_bias"})
    rule.set_wd_mult({"dense_bias": 1.0})
    optimizer.get_updater(rule)(0, nd.zeros(1), w)
    return n(w)


def _alike(inputs: Inputs) -> float:
    pair = [nd.ones(1), nd.ones(1)]
    updates = [optimizer.get_updater(optimizer.Nadam(0.5, 0.5, 0.75)) for _ in pair]
    for gradient in inputs["gradients"]:
        for update, w in zip(updates, pair, strict=True):
            update(0, nd.full(1, float(gradient)), w)
    return float(pair[0].asscalar() != pair[1].asscalar())


def _precise(_: Inputs) -> float:
    w = nd.ones(1, dtype="float64")
    optimizer.get_updater(optimizer.SGD(learning_rate=2**-10))(0, nd.ones(1, dtype="float64"), w)
    return float(w.asscalar())


REMEDIES: Mapping[str, Answer] = {
    "step.unused@torch": _unused,
    "sgd.float64@alike": _precise,
    "nadam.schedule@keras": stepped(lambda: optimizer.Nadam(beta1=0.5, beta2=0.75, epsilon=2.0**-10, schedule_decay=1.0)),
    "nadam.weights@torch": _alike,
    "lamb.decay@keras": _decayed_first,
    "decay.bias_by_name@torch": _decayed,
    "clip_norm.infinite@alike": _finite,
}
