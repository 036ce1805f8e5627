"""Owns what MXNet's defaults do, as numbers. Each takes the setting that the atlas advises; everything else is made equal.

It refuses to know the setting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.mxnet_impl.atlas.answers import Answer, Inputs, started
from parity.mxnet_impl.atlas.remedies.layers import BATCH, IMAGE, ROWS, n, trained
from parity.mxnet_impl.atlas.steps import rates
from parity.mxnet_impl.device import mxnet

nd, autograd, init, optimizer = mxnet.nd, mxnet.autograd, mxnet.init, mxnet.optimizer
nn, schedules = mxnet.gluon.nn, mxnet.lr_scheduler
TINY = 2.0**-40
WIDE = nd.array((np.arange(2 * 32 * 4) * 7 % 61).reshape(2, 32, 2, 2))


def setting(function: Callable[..., Any]) -> Answer:
    """Calls `function(argument=value)` with the setting given; without a setting, the function uses its own defaults."""

    def answer(inputs: Inputs) -> Any:
        return function(**json.loads(bytes(inputs["setting"]).decode()) if "setting" in inputs else {})

    return answer


def moves(make: Callable[..., Any], gradients: tuple[float, ...] = (0.5, 0.25, -1.0), **fixed: Any) -> Answer:
    """A weight after three steps from 1."""

    def places(**arguments: Any) -> list[float]:
        w, update, seen = nd.ones(1), optimizer.get_updater(make(**{**fixed, **arguments})), []
        for gradient in gradients:
            update(0, nd.full(1, gradient), w)
            seen.append(float(w.asscalar()))
        return seen

    return setting(places)


def _drawn(start: Any, *shape: int) -> Any:
    mxnet.random.seed(0)
    w = nd.zeros(shape)
    start(init.InitDesc("weight"), w)
    return n(w)


def _survivor(**arguments: float) -> float:
    with autograd.record():
        return float(nn.Dropout(**arguments)(nd.ones(1000)).max().asscalar())


def _powers(**arguments: float) -> list[float]:
    """The rates of steps counted from 0, as in the other frameworks."""
    schedule = schedules.PolyScheduler(4, base_lr=1.0, **arguments)
    return [float(schedule(step)) for step in range(4)]


DEFAULTS: Mapping[str, Answer] = {
    "batch_norm.epsilon@default": setting(lambda **a: trained(nn.BatchNorm(**a), ROWS)),
    "layer_norm.epsilon@default": setting(lambda **a: n(started(nn.LayerNorm(**a))(ROWS))),
    "group_norm.epsilon@default": setting(lambda **a: n(started(nn.GroupNorm(1, **a))(BATCH))),
    "group_norm.groups@default": setting(lambda **a: n(started(nn.GroupNorm(epsilon=1e-3, **a))(WIDE))),
    "max_pool2d.kernel@default": setting(lambda **a: n(nn.MaxPool2D(**a)(IMAGE))),
    "average_pool2d.kernel@default": setting(lambda **a: n(nn.AvgPool2D(**a)(IMAGE))),
    "dropout.rate@default": setting(_survivor),
    "leaky_relu.layer_slope@default": setting(lambda **a: n(nn.LeakyReLU(**a)(ROWS))),
    "normal.standard_deviation@default": setting(lambda **a: float(f"{_drawn(init.Normal(**a), 100_000).std():.1e}")),
    "orthogonal.gain@default": setting(lambda **a: float((_drawn(init.Orthogonal(**a), 8, 8) ** 2).sum() ** 0.5 / 8**0.5)),
    "adagrad.start@default": moves(optimizer.AdaGrad, learning_rate=0.5, eps=TINY),
    "rmsprop.learning_rate@default": moves(optimizer.RMSProp, gamma1=0.75, epsilon=TINY),
    "rmsprop.rho@default": moves(optimizer.RMSProp, learning_rate=0.5, epsilon=TINY),
    "adadelta.rho@default": moves(optimizer.AdaDelta, epsilon=0.25),
    "adadelta.epsilon@default": moves(optimizer.AdaDelta, rho=0.75),
    "adamax.learning_rate@default": moves(optimizer.Adamax, beta1=0.5, beta2=0.75),
    "nadam.learning_rate@default": moves(optimizer.Nadam, beta1=0.5, beta2=0.75, epsilon=TINY, schedule_decay=1.0),
    "nadam.epsilon@default": moves(
        optimizer.Nadam, (1e-6, 2e-6, 1e-6), learning_rate=0.5, beta1=0.5, beta2=0.75, schedule_decay=1.0
    ),
    "ftrl.learning_rate@default": moves(optimizer.Ftrl, beta=1.0, lamda1=0.0),
    "ftrl.beta@default": moves(optimizer.Ftrl, learning_rate=0.5, lamda1=0.0),
    "ftrl.start@default": moves(optimizer.Ftrl, learning_rate=0.5, beta=1.0, lamda1=0.0),
    "ftrl.penalty_1@default": moves(optimizer.Ftrl, learning_rate=0.5, beta=1.0),
    "lamb.epsilon@default": moves(optimizer.LAMB, (1e-6, 2e-6, 1e-6), learning_rate=0.5, beta1=0.5, beta2=0.75),
    "exponential_decay.factor@default": setting(lambda **a: rates(schedules.FactorScheduler(2, base_lr=1.0, **a), 4)),
    "polynomial_decay.power@default": setting(_powers),
}
