"""Owns what the atlas advises for PyTorch about schedules, and the states that optimizers start with, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.optim import lr_scheduler

from parity.torch_impl.atlas.asking import Answer, Inputs, rates


def _stopped(_: Inputs) -> float:
    optimizer, T_max = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0), 4
    schedule = lr_scheduler.CosineAnnealingLR(optimizer, T_max)
    for step in range(6):
        optimizer.step()
        if step < T_max:
            schedule.step()
    return float(optimizer.param_groups[0]["lr"])


def _improved(_: Inputs) -> float:
    optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, threshold_mode="abs")
    for loss in (100.0, 99.995):
        schedule.step(loss)
    return float(schedule.best < 100.0)


REMEDIES: Mapping[str, Answer] = {
    "exponential_decay.between@keras": lambda _: rates(lambda o: lr_scheduler.ExponentialLR(o, 0.5 ** (1 / 2)), 4),
    "cosine_decay.beyond@keras": _stopped,
    "warmup.first@mxnet": lambda _: rates(lambda o: lr_scheduler.LinearLR(o, start_factor=1 / 4, total_iters=3), 4),
    "plateau.threshold@keras": _improved,
}
