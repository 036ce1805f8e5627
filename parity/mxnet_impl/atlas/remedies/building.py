"""Owns what advice of several chapters for MXNet is built with.

It refuses to advise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, started
from parity.mxnet_impl.device import mxnet

autograd, gluon, nd, nn, optimizer = mxnet.autograd, mxnet.gluon, mxnet.nd, mxnet.gluon.nn, mxnet.optimizer
ROWS = nd.array([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 2.5]])
IMAGE = nd.array((np.arange(36) * 7 % 36).reshape(1, 1, 6, 6))
KERNEL = nd.array((np.arange(9) - 3).reshape(1, 1, 3, 3))
BATCH = nd.array((np.arange(120) * 7 % 120).reshape(2, 3, 4, 5))
PIXELS = nd.array((np.arange(96) * 5 % 96).reshape(2, 4, 3, 4))


def n(array: Any) -> Array:
    return np.asarray(array.asnumpy())


def trained(layer: Any, x: Any) -> Array:
    """The output in training mode; when this returns, the running values have moved."""
    started(layer)
    x.attach_grad()
    with autograd.record():
        out = layer(x)
        total = out.sum()
    total.backward()
    nd.waitall()
    return n(out)


def running(**arguments: Any) -> Array:
    layer = nn.BatchNorm(**arguments)
    trained(layer, ROWS)
    return n(layer.running_mean.data())


def convolved(layer: Any, x: Any = IMAGE, kernel: Any = KERNEL) -> Array:
    started(layer).weight.set_data(kernel)
    return n(layer(x))


def table(index: Any) -> Any:
    return nd.Embedding(index, nd.arange(5).reshape((5, 1)) * 10, input_dim=5, output_dim=1)


def moved(layer: Any) -> tuple[int, ...]:
    return tuple(np.transpose(n(started(layer).weight.data()), (2, 3, 1, 0)).shape)


def parameter(name: str, **arguments: Any) -> Any:
    made = gluon.Parameter(name, shape=(1,), init="ones", **arguments)
    made.initialize()
    return made


DECAY = 0.25


def stepped(make: Callable[[], Any], before: Callable[..., None] = lambda *_: None) -> Answer:
    """The weight after each step from 1. before(rule, w, step, rate) is called before each step; steps count from 1."""

    def answer(inputs: Inputs) -> list[float]:
        w, rule, trajectory = nd.ones(1), make(), []
        update = optimizer.get_updater(rule)
        for step, (rate, gradient) in enumerate(zip(inputs["rates"], inputs["gradients"], strict=True), start=1):
            rule.lr = float(rate)
            before(rule, w, step, float(rate))
            update(0, nd.full(1, float(gradient)), w)
            trajectory.append(float(w.asscalar()))
        return trajectory

    return answer


def mean(loss: Any, *names: str) -> Answer:
    """The mean of a loss, of which MXNet gives one number per example."""
    return call(lambda *inputs: loss(*inputs).mean(), *names)
