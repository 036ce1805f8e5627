"""Owns the table of schedules: a line per schedule spec with the native schedule; and the learning rates of steps with it.

It refuses to compute a rate: each is read from the step that an optimizer took.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array, Unsupported
from parity.mxnet_impl.device import mxnet
from parity.spec.cases import Case

nd, native = mxnet.nd, mxnet.lr_scheduler
Hyperparameters = Mapping[str, float]
FOREVER = 10**9


class Plain(mxnet.optimizer.Optimizer):  # type: ignore[misc]
    """w - lr·g by operators: the kernels of mxnet.optimizer.SGD round the rate to float32."""

    def create_state(self, index: int, weight: Any) -> None:
        """Gives no state: the rule needs none."""

    def update(self, index: int, weight: Any, grad: Any, state: Any) -> None:
        self._update_count(index)
        weight[:] -= self._get_lr(index) * grad


class FromZero:
    """A native schedule, called with the number of earlier steps: MXNet's optimizers count their first step as 1."""

    def __init__(self, schedule: Any) -> None:
        self.schedule = schedule

    @property
    def base_lr(self) -> float:
        return float(self.schedule.base_lr)

    @base_lr.setter
    def base_lr(self, rate: float) -> None:
        self.schedule.base_lr = rate

    def __call__(self, number: int) -> float:
        return float(self.schedule(number - 1))


def _steps(size: float, h: Hyperparameters) -> Any:
    return native.FactorScheduler(int(size), h["decay"], stop_factor_lr=0.0, base_lr=h["learning_rate"])


def _multi_step(h: Hyperparameters) -> Any:
    return native.MultiFactorScheduler([int(h["first"]), int(h["second"])], h["decay"], base_lr=h["learning_rate"])


def _polynomial(h: Hyperparameters) -> Any:
    return FromZero(native.PolyScheduler(int(h["steps"]), h["learning_rate"], h["power"]))


def _cosine(h: Hyperparameters) -> Any:
    rate = h["learning_rate"]
    return FromZero(native.CosineScheduler(int(h["steps"]), rate, rate * h["least"]))


def _warm_up(h: Hyperparameters) -> Any:
    return native.FactorScheduler(FOREVER, 1.0, base_lr=h["learning_rate"], warmup_steps=int(h["steps"]))


TABLE: Mapping[str, Callable[[Hyperparameters], Any]] = {
    "step": lambda h: _steps(h["size"], h),
    "multi_step": _multi_step,
    "exponential": lambda h: _steps(1, h),
    "polynomial": _polynomial,
    "cosine": _cosine,
    "linear_warm_up": _warm_up,
}


def rates(case: Case) -> Array:
    """The learning rate of each step: the weight after a step from 0 on a gradient of -1."""
    if case.optimizer not in TABLE:
        raise Unsupported(f"no native form of the schedule {case.optimizer}")
    schedule = TABLE[case.optimizer](case.hyperparameters)
    optimizer = Plain(learning_rate=case.hyperparameters["learning_rate"], lr_scheduler=schedule)
    updater = mxnet.optimizer.get_updater(optimizer)
    weight = nd.zeros((1,), dtype=case.dtype)
    steps = []
    for _ in range(case.steps):
        weight[:] = 0
        updater(0, -nd.ones((1,), dtype=case.dtype), weight)
        steps.append(weight.asnumpy()[0])
    return np.stack(steps)
