"""Owns the table of schedules: a line per schedule spec with the native schedule; and the learning rates of steps with it.

It refuses to compute a rate: each is read from the step that torch.optim.SGD took.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch.optim import Optimizer, lr_scheduler

from parity.execution.protocol import Array, Unsupported
from parity.spec.cases import Case
from parity.torch_impl import device

Hyperparameters = Mapping[str, float]


class Cosine(lr_scheduler.CosineAnnealingLR):  # type: ignore[misc]
    """CosineAnnealingLR that stays at its lowest rate; torch's own rises again after T_max steps."""

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.T_max:
            return [group["lr"] for group in self.optimizer.param_groups]
        rates: list[float] = super().get_lr()
        return rates


TABLE: Mapping[str, Callable[[Optimizer, Hyperparameters], lr_scheduler.LRScheduler]] = {
    "step": lambda optimizer, h: lr_scheduler.StepLR(optimizer, int(h["size"]), h["decay"]),
    "multi_step": lambda optimizer, h: lr_scheduler.MultiStepLR(optimizer, [int(h["first"]), int(h["second"])], h["decay"]),
    "exponential": lambda optimizer, h: lr_scheduler.ExponentialLR(optimizer, h["decay"]),
    "polynomial": lambda optimizer, h: lr_scheduler.PolynomialLR(optimizer, int(h["steps"]), h["power"]),
    "cosine": lambda optimizer, h: Cosine(optimizer, int(h["steps"]), h["least"] * h["learning_rate"]),
    "linear_warm_up": lambda optimizer, h: lr_scheduler.LinearLR(optimizer, 1 / h["steps"], 1.0, int(h["steps"]) - 1),
}


def rates(case: Case) -> Array:
    """The learning rate of each step: the weight after a step from 0 on a gradient of -1."""
    if case.optimizer not in TABLE:
        raise Unsupported(f"no native form of the schedule {case.optimizer}")
    weight = torch.nn.Parameter(torch.zeros((), dtype=device.DTYPES[case.dtype]))
    optimizer = torch.optim.SGD([weight], lr=case.hyperparameters["learning_rate"])
    schedule = TABLE[case.optimizer](optimizer, case.hyperparameters)
    steps = []
    for _ in range(case.steps):
        weight.data.zero_()
        weight.grad = -torch.ones_like(weight)
        optimizer.step()
        schedule.step()
        steps.append(weight.detach().clone())
    return device.array(torch.stack(steps))
