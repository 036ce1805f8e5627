"""Owns what the atlas advises for MXNet about schedules, and the states that optimizers start with, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity.mxnet_impl.atlas.asking import Answer, rates
from parity.mxnet_impl.device import mxnet

schedules = mxnet.lr_scheduler


class _Later(mxnet.lr_scheduler.LRScheduler):  # type: ignore[misc]
    """A schedule that counts updates from 0, as in the other frameworks."""

    def __init__(self, schedule: Any) -> None:
        super().__init__(schedule.base_lr)
        self.schedule = schedule

    def __call__(self, n: int) -> float:
        return float(self.schedule(n - 1))


REMEDIES: Mapping[str, Answer] = {
    "exponential_decay.between@keras": lambda _: rates(schedules.FactorScheduler(1, 0.5 ** (1 / 2), base_lr=1.0), 4),
    "cosine_decay.rates@torch": lambda _: rates(_Later(schedules.CosineScheduler(4, base_lr=1.0)), 4),
    "polynomial_decay.rates@torch": lambda _: rates(_Later(schedules.PolyScheduler(4, base_lr=1.0, pwr=1)), 4),
}
