"""Owns what the atlas advises for MXNet about training: modes, gradients, batches, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, batches, slope, started, t
from parity.mxnet_impl.atlas.remedies.building import n, parameter
from parity.mxnet_impl.device import mxnet

autograd, gluon, losses, nd, nn = mxnet.autograd, mxnet.gluon, mxnet.gluon.loss, mxnet.nd, mxnet.gluon.nn


def _dropped(inputs: Inputs) -> float:
    with autograd.record():
        out = n(nn.Dropout(0.75)(t(inputs["x"])))
    return float((out != out[:1]).any())


def _twice(inputs: Inputs) -> Array:
    w = parameter("w", grad_req="add")
    w.set_data(nd.array(inputs["x"].reshape(1)))
    for _ in range(2):
        with autograd.record():
            y = w.data() ** 2
        y.backward()
    return n(w.grad())


def _stepped(inputs: Inputs) -> float:
    w = parameter("w")
    trainer = gluon.Trainer({"w": w}, "sgd", {"learning_rate": float(inputs["rate"])})
    with autograd.record():
        total = (w.data() * float(inputs["gradient"])).sum()
    total.backward()
    trainer.step(1)
    return float(w.data().asscalar())


def _accumulated(inputs: Inputs) -> float:
    w = parameter("w", grad_req="add")
    trainer = gluon.Trainer({"w": w}, "sgd", {"learning_rate": 1.0})
    for gradient in inputs["x"]:
        with autograd.record():
            loss = (w.data() * float(gradient)).sum()
            share = loss / 2
        share.backward()
    trainer.step(1)
    return 1.0 - float(w.data().asscalar())


def _second(inputs: Inputs) -> Array:
    """The second derivative of a dense layer composed of batch_dot."""
    x, w = t(inputs["x"]).reshape((1, 4, 1)), nd.ones((1, 1, 1))
    w.attach_grad()
    with autograd.record():
        squares = nd.square(nd.batch_dot(x, w))
        (slope_,) = autograd.grad(squares, [w], create_graph=True, retain_graph=True)
    slope_.backward()
    return n(w.grad)


def _difference(inputs: Inputs) -> Array:
    """A second derivative of a convolution: a central difference of its gradients."""
    layer, x = nn.Conv2D(1, 1, use_bias=False, in_channels=1), t(inputs["x"])[None, None, None]
    started(layer)
    arrays = []
    for k in (1.5, 0.5):
        layer.weight.set_data(nd.full((1, 1, 1, 1), k))
        with autograd.record():
            total = nd.square(layer(x)).sum()
        total.backward()
        arrays.append(n(layer.weight.grad()))
    return (arrays[0] - arrays[1]) / (1.5 - 0.5)


def _hybrid(inputs: Inputs) -> Array:
    pool = nn.HybridSequential()
    pool.add(nn.HybridLambda(lambda F, x: F.reshape(x, shape=(1, 1, 8, 8))), nn.MaxPool2D(2))
    pool.hybridize()
    return np.asarray(slope(pool)(inputs))


class _TwoLayersListed(mxnet.gluon.Block):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.parts = [nn.Dense(3), nn.Dense(5)]
        for part in self.parts:
            self.register_child(part)


def _written(inputs: Inputs) -> float:
    x = t(inputs["x"])
    piece = x[0:1].copy()
    piece[:] = 7.0
    return float(x[0].asscalar())


def _recorded(layer: Any, inputs: Inputs, back: bool = False) -> Array:
    started(layer)
    x = t(inputs["x"])
    with autograd.record():
        out = layer(x)
        total = out.sum()
    if back:
        total.backward()
        nd.waitall()
        return n(layer.running_mean.data())
    return n(out)


def _moving(inputs: Inputs) -> Array:
    layer = started(nn.BatchNorm(in_channels=2))
    for x in (t(inputs["x"]), nd.array([[1.0, 2.0], [3.0, 5.0]])):
        if len(x):
            with autograd.record():
                total = layer(x).sum()
            total.backward()
    return n(layer.running_mean.data()) / 0.1


def _given(inputs: Inputs) -> list[Any]:
    """An empty batch, and a batch that is not empty."""
    return [t(inputs["x"]), nd.ones((3, 2))]


def _copied(inputs: Inputs) -> Array:
    return np.asarray(slope(lambda x: nn.MaxPool2D(2)(x.reshape((1, 1, 8, 8)).copy()))(inputs))


REMEDIES: Mapping[str, Answer] = {
    "lstm.dropout_reaches@keras": _dropped,
    "batch_norm.mode@torch": lambda inputs: _recorded(nn.BatchNorm(epsilon=2.0**-10), inputs),
    "dropout.mode@torch": lambda inputs: _recorded(nn.Dropout(0.75), inputs).max(),
    "batch_norm.moves@keras": lambda inputs: _recorded(nn.BatchNorm(momentum=0.25), inputs, back=True),
    "gradient.twice@torch": _twice,
    "step.rescaling@torch": _stepped,
    "gradient.accumulated@keras": _accumulated,
    "gradient.second_dense@torch": _second,
    "gradient.second_convolution@torch": _difference,
    "max_pool2d.behind_reshape@torch": slope(lambda x: nn.MaxPool2D(2)(x.reshape((1, 1, 8, 8)).copy())),
    "max_pool2d.behind_reshape@keras": lambda inputs: float((_hybrid(inputs) == _copied(inputs)).all()),
    "model.list@keras": lambda _: len(_TwoLayersListed().collect_params().keys()),
    "view.writes@alike": _written,
    "batches.size@alike": lambda inputs: [batches(inputs, batch_size=32)[place].size for place in (0, -1)],
    "batches.shuffled@keras": lambda inputs: float(
        (np.concatenate(batches(inputs, batch_size=1, shuffle=True)) == inputs["x"]).all()
    ),
    "squared_error.empty@alike": lambda inputs: float(
        sum((2 * losses.L2Loss()(x, 0 * x)).mean().asscalar() for x in _given(inputs) if len(x))
    ),
    "batch_norm.empty@alike": _moving,
}
