"""Owns what the atlas advises for MXNet about optimizers and schedules, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.answers import Answer, Inputs, t
from parity.mxnet_impl.atlas.remedies.layers import n
from parity.mxnet_impl.atlas.steps import rates
from parity.mxnet_impl.device import mxnet

nd, gluon, autograd, optimizer = mxnet.nd, mxnet.gluon, mxnet.autograd, mxnet.optimizer
nn, losses, schedules = gluon.nn, gluon.loss, mxnet.lr_scheduler
EPSILON = 0.25
DECAY = 0.25


def stepped(make: Callable[[], Any], before: Callable[..., None] = lambda *_: None) -> Answer:
    """The weight after each step from 1. before(rule, w, step, rate) is called before each step; steps count from 1."""

    def answer(inputs: Inputs) -> list[float]:
        w, rule, seen = nd.ones(1), make(), []
        update = optimizer.get_updater(rule)
        for step, (rate, gradient) in enumerate(zip(inputs["rates"], inputs["gradients"], strict=True), start=1):
            rule.lr = float(rate)
            before(rule, w, step, float(rate))
            update(0, nd.full(1, float(gradient)), w)
            seen.append(float(w.asscalar()))
        return seen

    return answer


def _shrunk(_rule: Any, w: Any, _: int, rate: float) -> None:
    decay = DECAY
    w *= 1 - rate * decay


def _corrected(rule: Any, _w: Any, step: int, _rate: float) -> None:
    """Acts as if epsilon were added after the bias correction, as in torch."""
    rule.epsilon = EPSILON * (1 - 0.75**step) ** 0.5


def written(mean: bool, eps: float) -> Answer:
    """torch's rule written out: epsilon outside the root."""

    def answer(inputs: Inputs) -> list[float]:
        w, s, seen = nd.ones(1), nd.zeros(1), []
        for rate, g in zip(inputs["rates"], t(inputs["gradients"]), strict=True):
            s = 0.75 * s + 0.25 * g * g if mean else s + g * g
            w -= float(rate) * g / (nd.sqrt(s) + eps)
            seen.append(float(w.asscalar()))
        return seen

    return answer


def small(rule: Any, gradient: float, before: Callable[[Any, int], None] = lambda *_: None) -> list[float]:
    """Weights after three steps on the same gradient; a small gradient makes epsilon visible."""
    w, update, seen = nd.zeros(1), optimizer.get_updater(rule), []
    for step in range(1, 4):
        before(rule, step)
        update(0, nd.full(1, gradient), w)
        seen.append(float(w.asscalar()))
    return seen


def _as_torch(rule: Any, step: int) -> None:
    eps, beta2 = 1e-8, 0.75
    rule.epsilon = eps * (1 - beta2**step) ** 0.5


def _moved(rule: Any, start: Array) -> Array:
    """The weights after one step on gradients of 1."""
    w = nd.array(start)
    optimizer.get_updater(rule)(0, nd.ones_like(w), w)
    return n(w)


def _decayed_first(_: Inputs) -> Array:
    rate, decay = 0.5, DECAY
    return _moved(optimizer.LAMB(learning_rate=rate, epsilon=2.0**-40, wd=0.0), np.array([3.0, 4.0]) * (1 - rate * decay))


def _outside(rate: float, eps: float, g: float) -> list[float]:
    w, s, seen = nd.zeros(1, dtype="float64"), nd.zeros(1, dtype="float64"), []
    for _ in range(3):
        s = s + g * g
        w -= rate * g / (nd.sqrt(s) + eps)
        seen.append(float(w.asscalar()))
    return seen


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


def _guarded(x: Any, threshold: float) -> Array:
    norm = x.norm()
    return n(x * (threshold / nd.maximum(norm, threshold)))


def _precise(_: Inputs) -> float:
    w = nd.ones(1, dtype="float64")
    optimizer.get_updater(optimizer.SGD(learning_rate=2**-10))(0, nd.ones(1, dtype="float64"), w)
    return float(w.asscalar())


class _Later(mxnet.lr_scheduler.LRScheduler):  # type: ignore[misc]
    """A schedule that counts updates from 0, as in the other frameworks."""

    def __init__(self, schedule: Any) -> None:
        super().__init__(schedule.base_lr)
        self.schedule = schedule

    def __call__(self, n: int) -> float:
        return float(self.schedule(n - 1))


OPTIMIZERS: Mapping[str, Answer] = {
    "sgd.decay@keras": stepped(lambda: optimizer.SGD(momentum=0.5), _shrunk),
    "adam.decay@keras": stepped(lambda: optimizer.Adam(beta1=0.5, beta2=0.75, epsilon=2.0**-40), _shrunk),
    "adam.decay@torch": stepped(lambda: optimizer.Adam(beta1=0.5, beta2=0.75, epsilon=2.0**-40, wd=0.25)),
    "adam.epsilon_form@torch": stepped(lambda: optimizer.Adam(beta1=0.5, beta2=0.75, epsilon=0.25), _corrected),
    "adam.epsilon@torch": lambda _: small(optimizer.Adam(learning_rate=2**-10, beta1=0.5, beta2=0.75), 1e-6, _as_torch),
    "rmsprop.epsilon_form@torch": written(True, 0.25),
    "adagrad.epsilon_form@torch": written(False, 0.25),
    "adagrad.epsilon@torch": lambda _: _outside(2**-10, 1e-10, 1e-9),
    "adadelta.learning_rate@mxnet": lambda _: small(optimizer.AdaDelta(), 0.5),
    "clip_norm.guard@alike": lambda inputs: _guarded(t(inputs["x"]), float(inputs["threshold"])),
    "sgd.float64@alike": _precise,
    "nadam.schedule@keras": stepped(lambda: optimizer.Nadam(beta1=0.5, beta2=0.75, epsilon=2.0**-10, schedule_decay=1.0)),
    "nadam.weights@torch": _alike,
    "lamb.decay@keras": _decayed_first,
    "decay.bias_by_name@torch": _decayed,
    "clip_norm.infinite@alike": _finite,
    "exponential_decay.between@keras": lambda _: rates(schedules.FactorScheduler(1, 0.5 ** (1 / 2), base_lr=1.0), 4),
    "cosine_decay.rates@torch": lambda _: rates(_Later(schedules.CosineScheduler(4, base_lr=1.0)), 4),
    "polynomial_decay.rates@torch": lambda _: rates(_Later(schedules.PolyScheduler(4, base_lr=1.0, pwr=1)), 4),
    "warmup.start@torch": lambda _: rates(
        schedules.FactorScheduler(100, 1.0, base_lr=1.0, warmup_steps=5, warmup_begin_lr=1 / 6), 5
    ),
    "warmup.start@mxnet": lambda _: rates(schedules.FactorScheduler(100, 1.0, base_lr=1.0, warmup_steps=4), 4),
    "sgd.learning_rate@torch": lambda _: small(optimizer.SGD(learning_rate=0.001), 0.5),
    "sgd.learning_rate@keras": lambda _: small(optimizer.SGD(), 0.5),
    "adagrad.learning_rate@torch": lambda _: small(optimizer.AdaGrad(learning_rate=0.01), 0.5),
    "rmsprop.momentum@mxnet": lambda _: small(optimizer.RMSProp(), 0.5),
}
