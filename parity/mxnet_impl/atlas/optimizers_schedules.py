"""Owns MXNet's answers to the atlas about schedules, and the states that optimizers start with.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.mxnet_impl.atlas.asking import Answer, Inputs, moved, rates
from parity.mxnet_impl.device import mxnet

optimizer, schedules = mxnet.optimizer, mxnet.lr_scheduler


def _adadelta(_: Inputs) -> list[float]:
    """Both initial mean squares. With ρ = 3/4, ε = 1 and the gradients 1 and 2, (gradient/move)² is
    (ρ·start + gradient²/4 + 1)/(start of the updates' mean square + 1)."""
    first, second = ((g / moved(optimizer.AdaDelta(rho=0.75, epsilon=1.0), g)) ** 2 for g in (1.0, 2.0))
    divisor = 0.75 / (second - first)
    return [round((first * divisor - 1.25) / 0.75, 4) + 0.0, round(divisor - 1, 4) + 0.0]


def _rmsprop(_: Inputs) -> float:
    rule = optimizer.RMSProp(learning_rate=1.0, gamma1=0.75, epsilon=2.0**-80)
    return round((moved(rule, 1.0) ** -2 - 0.25) / 0.75, 4) + 0.0


ANSWERS: Mapping[str, Answer] = {
    "exponential_decay.between": lambda _: rates(schedules.FactorScheduler(2, 0.5, base_lr=1.0), 4),
    "multi_step_decay.boundary": lambda _: rates(schedules.MultiFactorScheduler([2], 0.5, base_lr=1.0), 4),
    "cosine_decay.beyond": lambda _: rates(schedules.CosineScheduler(4, base_lr=1.0), 7)[6],
    "cosine_decay.end_means": lambda _: rates(schedules.CosineScheduler(4, base_lr=0.5, final_lr=0.25), 5, 0.5)[4],
    "warmup.first": lambda _: rates(schedules.FactorScheduler(100, 1.0, base_lr=1.0, warmup_steps=4), 4),
    "rmsprop.mean_square_start": _rmsprop,
    "adadelta.mean_square_start": _adadelta,
    "cosine_decay.rates": lambda _: rates(schedules.CosineScheduler(4, base_lr=1.0), 4),
    "polynomial_decay.rates": lambda _: rates(schedules.PolyScheduler(4, base_lr=1.0, pwr=1), 4),
}
