"""Owns the ways in which MXNet is asked: the value, the slope, the type, the draw or the steps of a native object.

It refuses to know a question, and what its answer should be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.device import mxnet

autograd, gluon, nd, optimizer = mxnet.autograd, mxnet.gluon, mxnet.nd, mxnet.optimizer
Inputs = Mapping[str, Array]
Answer = Callable[[Inputs], Any]


def t(array: Array) -> Any:
    return nd.array(array, dtype="float32" if array.dtype.kind == "f" else "int32")


def call(function: Callable[..., Any], *names: str) -> Answer:
    """The value of a function of the inputs (`x` alone, unless named)."""
    return lambda inputs: function(*(t(inputs[name]) for name in names or ("x",))).asnumpy()


def slope(function: Callable[[Any], Any]) -> Answer:
    """The gradient of the sum of function(x)."""

    def answer(inputs: Inputs) -> Array:
        x = t(inputs["x"])
        x.attach_grad()
        with autograd.record():
            total = function(x).sum()
        total.backward()
        return np.asarray(x.grad.asnumpy())

    return answer


def dtype(function: Callable[[Inputs], Any]) -> Answer:
    """The type of the function's result: its first letter's code, and its bits."""

    def answer(inputs: Inputs) -> Array:
        kind = np.dtype(function(inputs).dtype)
        return np.asarray([ord(kind.kind), kind.itemsize * 8])

    return answer


def started(layer: Any) -> Any:
    layer.initialize()
    return layer


def optimized(make: Callable[[], Any]) -> Answer:
    """The weight, which starts at 1, after each step on the question's gradients. rates: the learning rate of each step."""

    def answer(inputs: Inputs) -> Array:
        w, optimizer, trajectory = nd.ones(1), make(), []
        update = mxnet.optimizer.get_updater(optimizer)
        for rate, gradient in zip(inputs["rates"], inputs["gradients"], strict=True):
            optimizer.lr = float(rate)
            update(0, nd.full(1, float(gradient)), w)
            trajectory.append(w.asscalar())
        return np.asarray(trajectory)

    return answer


def sampled(make: Callable[[], Any], ending: str) -> Answer:
    """The initial value of one weight of a layer, its output axis first."""

    def answer(_: Inputs) -> Array:
        mxnet.random.seed(0)
        layer = started(make())
        (parameter,) = (value for name, value in layer.collect_params().items() if name.endswith(ending))
        return np.asarray(parameter.data().asnumpy())

    return answer


def called(layer: Any, inputs: Inputs) -> Any:
    """The layer after its first call, from which it learns its number of channels."""
    started(layer)(t(inputs["x"]))
    return layer


def parameter(name: str, **arguments: Any) -> Any:
    parameter = gluon.Parameter(name, shape=(1,), init="ones", **arguments)
    parameter.initialize()
    return parameter


def trainer_of(*parameters: Any, decay: float = 0.0) -> Any:
    return gluon.Trainer({parameter.name: parameter for parameter in parameters}, "sgd", {"learning_rate": 1.0, "wd": decay})


def batches(inputs: Inputs, **arguments: Any) -> list[Array]:
    data = gluon.data.ArrayDataset(inputs["x"].astype(np.float32))
    return [batch.asnumpy() for batch in gluon.data.DataLoader(data, **arguments)]


def rates(schedule: Any, count: int, first: float = 1.0) -> list[float]:
    """The learning rates of the first `count` updates, read from how far each moves a weight on a gradient of 1."""
    rule = optimizer.SGD(learning_rate=first, lr_scheduler=schedule)
    update, w, places = optimizer.get_updater(rule), nd.zeros(1), [0.0]
    for _ in range(count):
        update(0, nd.ones(1), w)
        places.append(0.0 - float(w.asscalar()))
    return [float(rate) for rate in np.diff(places)]


def moved(rule: Any, gradient: float) -> float:
    """How far the first step moves a weight."""
    w = nd.zeros(1)
    optimizer.get_updater(rule)(0, nd.full(1, gradient), w)
    return -float(w.asscalar())
