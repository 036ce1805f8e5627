"""Owns the table of schedules: a line per schedule spec with the native schedule; and the learning rates of steps with it.

It refuses to compute a rate: each is read from the step that a native optimizer took.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mindspore
import numpy as np
from mindspore import nn
from mindspore.experimental import optim
from mindspore.experimental.optim import lr_scheduler

from parity.execution.protocol import Array, Unsupported
from parity.mindspore_impl import device
from parity.spec.cases import Case

Hyperparameters = Mapping[str, float]
TABLE: Mapping[str, Callable[[Any, Hyperparameters], Any]] = {
    "step": lambda optimizer, h: lr_scheduler.StepLR(optimizer, int(h["size"]), h["decay"]),
    "multi_step": lambda optimizer, h: lr_scheduler.MultiStepLR(optimizer, [int(h["first"]), int(h["second"])], h["decay"]),
    "exponential": lambda optimizer, h: lr_scheduler.ExponentialLR(optimizer, h["decay"]),
    "polynomial": lambda optimizer, h: lr_scheduler.PolynomialLR(optimizer, int(h["steps"]), h["power"]),
    "linear_warm_up": lambda optimizer, h: lr_scheduler.LinearLR(optimizer, 1 / h["steps"], 1.0, int(h["steps"]) - 1),
}
WHOLE: Mapping[str, Callable[[Hyperparameters], Any]] = {
    "cosine": lambda h: nn.CosineDecayLR(h["least"] * h["learning_rate"], h["learning_rate"], int(h["steps"])),
}
"""Schedules that an optimizer takes as its rate. nn.CosineDecayLR stays at its lowest rate; CosineAnnealingLR rises."""


def rates(case: Case) -> Array:
    """The learning rate of each step: the weight after a step from 0 on a gradient of -1."""
    h, dtype = case.hyperparameters, device.DTYPES[case.dtype]
    weight = mindspore.Parameter(mindspore.Tensor(np.zeros(1), dtype), name="weight")
    schedule = None
    if case.optimizer in WHOLE:
        optimizer = nn.SGD([weight], WHOLE[case.optimizer](h))
    elif case.optimizer in TABLE:
        optimizer = optim.SGD([weight], lr=h["learning_rate"])
        schedule = TABLE[case.optimizer](optimizer, h)
    else:
        raise Unsupported(f"no native form of the schedule {case.optimizer}")
    seen = []
    for _ in range(case.steps):
        device.assign(weight, np.zeros(1), dtype)
        optimizer((mindspore.Tensor(-np.ones(1), dtype),))
        if schedule is not None:
            schedule.step()
        seen.append(device.array(weight)[0])
    return np.array(seen, case.dtype)
