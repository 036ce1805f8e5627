"""Owns MXNet's answers to the atlas about training: modes, gradients, batches.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, batches, call, parameter, slope, started, t, trainer_of
from parity.mxnet_impl.device import mxnet

autograd, gluon, losses, nd, nn, rnn = mxnet.autograd, mxnet.gluon, mxnet.gluon.loss, mxnet.nd, mxnet.gluon.nn, mxnet.gluon.rnn


def _moved(inputs: Inputs) -> Array:
    layer = started(nn.BatchNorm(momentum=0.25))
    with autograd.record():
        layer(t(inputs["x"])).wait_to_read()
    return np.asarray(layer.running_mean.data().asnumpy())


def _trained(layer: Any, inputs: Inputs) -> Array:
    started(layer)
    with autograd.record():
        return np.asarray(layer(t(inputs["x"])).asnumpy())


def _twice(inputs: Inputs) -> Array:
    x = t(inputs["x"].reshape(1))
    x.attach_grad()
    for _ in range(2):
        with autograd.record():
            y = x**2
        y.backward()
    return np.asarray(x.grad.asnumpy())


def _stepped(inputs: Inputs) -> float:
    parameter = gluon.Parameter("w", shape=(1,), init="ones")
    parameter.initialize()
    trainer = gluon.Trainer({"w": parameter}, "sgd", {"learning_rate": float(inputs["rate"])})
    with autograd.record():
        total = (parameter.data() * float(inputs["gradient"])).sum()
    total.backward()
    trainer.step(int(inputs["batch"]))
    return float(parameter.data().asscalar())


def _decayed(inputs: Inputs) -> float:
    rate, w = float(inputs["rate"]), nd.ones(1)
    mxnet.optimizer.get_updater(mxnet.optimizer.SGD(learning_rate=rate, wd=0.25))(0, nd.zeros(1), w)
    return (1 - float(w.asscalar())) / rate


def _clipped(inputs: Inputs) -> Array:
    gradients = [nd.full(1, float(gradient)) for gradient in inputs["x"]]
    gluon.utils.clip_global_norm(gradients, 1.0)
    return np.asarray([gradient.asscalar() for gradient in gradients])


def _rates(_: Inputs) -> Array:
    schedule = mxnet.lr_scheduler.FactorScheduler(2, 0.5, base_lr=1.0)
    update, w, places = mxnet.optimizer.get_updater(mxnet.optimizer.SGD(lr_scheduler=schedule)), nd.zeros(1), [0.0]
    for _number in range(6):
        update(0, nd.ones(1), w)
        places.append(-float(w.asscalar()))
    return np.diff(places)


def _dropped(inputs: Inputs) -> float:
    out = _trained(rnn.LSTM(5, dropout=0.75, layout="NTC"), inputs)
    return float(abs(out - out[:1]).max() > 1e-3)


def _empty_norm(inputs: Inputs) -> Array:
    layer = started(nn.BatchNorm(in_channels=2))
    with autograd.record():
        total = layer(t(inputs["x"])).sum()
    total.backward()
    return np.asarray(layer.running_mean.data().asnumpy())


def _accumulated(inputs: Inputs) -> float:
    w = parameter("w", grad_req="add")
    trainer = trainer_of(w)
    for gradient in inputs["x"]:
        with autograd.record():
            total = (w.data() * float(gradient)).sum()
        total.backward()
    trainer.step(1)
    return 1.0 - float(w.data().asscalar())


def _of_vector(inputs: Inputs) -> Array:
    x = t(inputs["x"])
    x.attach_grad()
    with autograd.record():
        y = x**2
    y.backward()
    return np.asarray(x.grad.asnumpy())


def _second(layer: Any, x: Any) -> Array:
    started(layer)(x)
    weight = layer.weight.data()
    with autograd.record():
        squares = nd.square(layer(x))
        (slope,) = autograd.grad(squares, [weight], create_graph=True, retain_graph=True)
    slope.backward()
    return np.asarray(weight.grad.asnumpy())


def _behind(inputs: Inputs) -> float:
    pool = nn.MaxPool2D(2)
    direct, copied = (
        slope(lambda x: pool(x.reshape((1, 1, 8, 8)))),
        slope(lambda x: pool(x.reshape((1, 1, 8, 8)).copy())),
    )
    return float((direct(inputs) == copied(inputs)).all())


class _Listing(mxnet.gluon.Block):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.parts = [nn.Dense(3), nn.Dense(5)]


def _written(inputs: Inputs) -> float:
    x = t(inputs["x"])
    piece = x[0:1]
    piece[:] = 7.0
    return float(x[0].asscalar())


ANSWERS: Mapping[str, Answer] = {
    "batch_norm.mode": lambda inputs: started(nn.BatchNorm(epsilon=2.0**-10))(t(inputs["x"])).asnumpy(),
    "dropout.mode": lambda inputs: nn.Dropout(0.75)(t(inputs["x"])).max().asscalar(),
    "batch_norm.moves": _moved,
    "batch_norm.one_example": lambda inputs: _trained(nn.BatchNorm(), inputs),
    "gradient.twice": _twice,
    "step.rescaling": _stepped,
    "penalty.factor": _decayed,
    "clip_norm.over": _clipped,
    "step_decay.rates": _rates,
    "squared_error.shapes": call(lambda x, y: 2 * losses.L2Loss()(x, y), "x", "y"),
    "lstm.dropout_reaches": _dropped,
    "squared_error.empty": call(lambda x: losses.L2Loss()(x, x)),
    "batch_norm.empty": _empty_norm,
    "gradient.accumulated": _accumulated,
    "gradient.of_vector": _of_vector,
    "gradient.second_dense": lambda inputs: _second(nn.Dense(1, use_bias=False), t(inputs["x"])[:, None]),
    "gradient.second_convolution": lambda inputs: _second(nn.Conv2D(1, 1, use_bias=False), t(inputs["x"])[None, None, None]),
    "max_pool2d.behind_reshape": _behind,
    "model.list": lambda _: len(_Listing().collect_params().keys()),
    "view.writes": _written,
    "batches.size": lambda inputs: [batches(inputs)[place].size for place in (0, -1)],
    "batches.shuffled": lambda inputs: float((np.concatenate(batches(inputs, batch_size=1)) == inputs["x"]).all()),
    "batches.last_dropped": lambda inputs: len(batches(inputs, batch_size=32)),
}
