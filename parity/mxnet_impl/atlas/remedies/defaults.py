"""Owns what the atlas advises for MXNet about default arguments, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.mxnet_impl.atlas.asking import Answer, Inputs, rates, started
from parity.mxnet_impl.atlas.remedies.building import BATCH, IMAGE, PIXELS, ROWS, n, running, trained
from parity.mxnet_impl.device import mxnet

autograd, init, nd, nn, optimizer, schedules = (
    mxnet.autograd,
    mxnet.init,
    mxnet.nd,
    mxnet.gluon.nn,
    mxnet.optimizer,
    mxnet.lr_scheduler,
)
CUBE = nd.array((np.arange(24) * 5 % 24).reshape(2, 3, 4))


def _shifted(layer: Any) -> Any:
    started(layer)(BATCH)
    layer.beta.set_data(nd.arange(3))
    return layer


def _bounds(start: Any) -> list[float]:
    w = nd.zeros((100_000,))
    start(init.InitDesc("weight"), w)
    weights = n(w)
    return [round(float(weights.min()), 3), round(float(weights.max()), 3), round(float(weights.std()), 3)]


def _counted(numerator: float, start: Any) -> int:
    """The variance of a large draw times `numerator`, rounded to a whole number that chance does not change."""
    mxnet.random.seed(0)
    w = nd.zeros((307, 101))
    start(init.InitDesc("weight"), w)
    return round(float(n(w).var()) * numerator)


def small(rule: Any, gradient: float, before: Callable[[Any, int], None] = lambda *_: None) -> list[float]:
    """Weights after three steps on the same gradient; a small gradient makes epsilon visible."""
    w, update, trajectory = nd.zeros(1), optimizer.get_updater(rule), []
    for step in range(1, 4):
        before(rule, step)
        update(0, nd.full(1, gradient), w)
        trajectory.append(float(w.asscalar()))
    return trajectory


def _as_torch(rule: Any, step: int) -> None:
    eps, beta2 = 1e-8, 0.75
    rule.epsilon = eps * (1 - beta2**step) ** 0.5


def _outside(rate: float, eps: float, g: float) -> list[float]:
    w, s, trajectory = nd.zeros(1, dtype="float64"), nd.zeros(1, dtype="float64"), []
    for _ in range(3):
        s = s + g * g
        w -= rate * g / (nd.sqrt(s) + eps)
        trajectory.append(float(w.asscalar()))
    return trajectory


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
        w, update, trajectory = nd.ones(1), optimizer.get_updater(make(**{**fixed, **arguments})), []
        for gradient in gradients:
            update(0, nd.full(1, gradient), w)
            trajectory.append(float(w.asscalar()))
        return trajectory

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


REMEDIES: Mapping[str, Answer] = {
    "batch_norm.momentum@mxnet": lambda _: running(),
    "batch_norm.momentum@torch": lambda _: running(momentum=0.9),
    "batch_norm.momentum@keras": lambda _: running(momentum=0.99),
    "layer_norm.axes@keras": lambda _: n(started(nn.LayerNorm(axis=-1, epsilon=1e-3))(ROWS)),
    "instance_norm.shift@torch": lambda _: n(started(nn.InstanceNorm(center=False))(BATCH)),
    "instance_norm.shift@mxnet": lambda _: n(_shifted(nn.InstanceNorm())(BATCH)),
    "local_response_norm.offset@torch": lambda _: n(nd.LRN(PIXELS, nsize=3, knorm=1.0)),
    "local_response_norm.offset@mxnet": lambda _: n(nd.LRN(PIXELS, nsize=3)),
    "upsample.align_corners@torch": lambda _: n(nd.contrib.BilinearResize2D(IMAGE, height=12, width=12, align_corners=False)),
    "upsample.align_corners@mxnet": lambda _: n(nd.contrib.BilinearResize2D(IMAGE, height=12, width=12)),
    "leaky_relu.function_slope@torch": lambda _: n(nd.LeakyReLU(ROWS, slope=0.01)),
    "leaky_relu.function_slope@keras": lambda _: n(nd.LeakyReLU(ROWS, slope=0.2)),
    "leaky_relu.function_slope@mxnet": lambda _: n(nd.LeakyReLU(ROWS)),
    "prelu.start@torch": lambda _: n(started(nn.PReLU())(ROWS)),
    "prelu.start@keras": lambda _: n(started(nn.PReLU(alpha_initializer=init.Constant(0.0)))(ROWS)),
    "softmax.axis@keras": lambda _: n(nd.softmax(CUBE / 9)),
    "log_softmax.axis@keras": lambda _: n(nd.log_softmax(CUBE / 9)),
    "uniform.low@mxnet": lambda _: _bounds(init.Uniform()),
    "uniform.low@keras": lambda _: _bounds(init.Uniform(0.05)),
    "uniform.high@mxnet": lambda _: _bounds(init.Uniform()),
    "uniform.high@keras": lambda _: _bounds(init.Uniform(0.05)),
    "variance_scaling.mode@mxnet": lambda _: _counted(400, init.MSRAPrelu(slope=0.0)),
    "variance_scaling.mode@torch": lambda _: _counted(400, init.MSRAPrelu(factor_type="in", slope=0.0)),
    "he_normal.slope@torch": lambda _: _counted(808, init.MSRAPrelu(factor_type="in", slope=0.0)),
    "he_normal.slope@mxnet": lambda _: _counted(808, init.MSRAPrelu(factor_type="in")),
    "adam.epsilon@torch": lambda _: small(optimizer.Adam(learning_rate=2**-10, beta1=0.5, beta2=0.75), 1e-6, _as_torch),
    "adagrad.epsilon@torch": lambda _: _outside(2**-10, 1e-10, 1e-9),
    "adadelta.learning_rate@mxnet": lambda _: small(optimizer.AdaDelta(), 0.5),
    "warmup.start@torch": lambda _: rates(
        schedules.FactorScheduler(100, 1.0, base_lr=1.0, warmup_steps=5, warmup_begin_lr=1 / 6), 5
    ),
    "warmup.start@mxnet": lambda _: rates(schedules.FactorScheduler(100, 1.0, base_lr=1.0, warmup_steps=4), 4),
    "sgd.learning_rate@torch": lambda _: small(optimizer.SGD(learning_rate=0.001), 0.5),
    "sgd.learning_rate@keras": lambda _: small(optimizer.SGD(), 0.5),
    "adagrad.learning_rate@torch": lambda _: small(optimizer.AdaGrad(learning_rate=0.01), 0.5),
    "rmsprop.momentum@mxnet": lambda _: small(optimizer.RMSProp(), 0.5),
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
