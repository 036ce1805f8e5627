"""Owns MXNet's answers to the atlas about training steps and their inputs: batches, gradients, schedules, losses.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.answers import Answer, Inputs, call, optimized, slope, started, t
from parity.mxnet_impl.device import mxnet

nd, gluon, autograd, optimizer = mxnet.nd, mxnet.gluon, mxnet.autograd, mxnet.optimizer
nn, losses, schedules = gluon.nn, gluon.loss, mxnet.lr_scheduler


def _twice(_: Inputs) -> float:
    start, first, second = mxnet.init.MSRAPrelu(), nd.zeros((11, 13)), nd.zeros((11, 13))
    for kernel in (first, second):
        start(mxnet.init.InitDesc("weight"), kernel)
    return float((first.asnumpy() != second.asnumpy()).any())


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


def _parameter(name: str, **arguments: Any) -> Any:
    parameter = gluon.Parameter(name, shape=(1,), init="ones", **arguments)
    parameter.initialize()
    return parameter


def _trainer(*parameters: Any, decay: float = 0.0) -> Any:
    return gluon.Trainer({parameter.name: parameter for parameter in parameters}, "sgd", {"learning_rate": 1.0, "wd": decay})


def _unused(_: Inputs) -> float:
    used, unused = _parameter("used"), _parameter("unused")
    trainer = _trainer(used, unused, decay=0.25)
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


def _accumulated(inputs: Inputs) -> float:
    w = _parameter("w", grad_req="add")
    trainer = _trainer(w)
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


def _divergence(inputs: Inputs) -> Array:
    return np.asarray(losses.KLDivLoss()(t(inputs["q"]).log(), t(inputs["p"])).asnumpy())


STEPS: Mapping[str, Answer] = {
    "initializer.twice": _twice,
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
    "exponential_decay.between": lambda _: rates(schedules.FactorScheduler(2, 0.5, base_lr=1.0), 4),
    "multi_step_decay.boundary": lambda _: rates(schedules.MultiFactorScheduler([2], 0.5, base_lr=1.0), 4),
    "cosine_decay.beyond": lambda _: rates(schedules.CosineScheduler(4, base_lr=1.0), 7)[6],
    "cosine_decay.end_means": lambda _: rates(schedules.CosineScheduler(4, base_lr=0.5, final_lr=0.25), 5, 0.5)[4],
    "warmup.first": lambda _: rates(schedules.FactorScheduler(100, 1.0, base_lr=1.0, warmup_steps=4), 4),
    "huber.delta_form": call(lambda x: losses.HuberLoss(rho=2.0)(x, nd.zeros_like(x))),
    "triplet.distance": call(losses.TripletLoss(), "x", "y", "z"),
    "kl_divergence.at_zero": _divergence,
    "kl_divergence.zero_label": _divergence,
    "cross_entropy.float_label": call(losses.SoftmaxCrossEntropyLoss(), "x", "y"),
    "cross_entropy.one_hot": call(losses.SoftmaxCrossEntropyLoss(), "x", "y"),
    "ctc.impossible": call(losses.CTCLoss(), "x", "labels"),
    "poisson.at_zero": call(losses.PoissonNLLLoss(from_logits=False), "x", "y"),
    "binary_cross_entropy.beyond": call(losses.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True), "x", "y"),
}
