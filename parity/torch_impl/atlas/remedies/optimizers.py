"""Owns what the atlas advises for PyTorch about optimizers, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from parity.torch_impl.atlas.asking import Answer, Inputs, t
from parity.torch_impl.atlas.remedies.building import Make, rescaled, shrunk, stepped

EPSILON = 0.25


def _corrected(optimizer: Any, _w: Tensor, step: int, _rate: float, _last: float) -> None:
    """Acts as if epsilon were added before the bias correction, as in Keras and MXNet."""
    optimizer.param_groups[0]["eps"] = EPSILON / (1 - 0.75**step) ** 0.5


def rooted(mean: bool, eps: float) -> Answer:
    """Keras's and MXNet's rule written out: epsilon inside the root."""

    def answer(inputs: Inputs) -> list[float]:
        w, s, trajectory = torch.ones(1), torch.zeros(1), []
        for rate, g in zip(t(inputs["rates"]), t(inputs["gradients"]), strict=True):
            s = 0.75 * s + 0.25 * g * g if mean else s + g * g
            w -= rate * g / (s + eps).sqrt()
            trajectory.append(w.item())
        return trajectory

    return answer


def _one_rate(make: Make) -> Answer:
    return lambda inputs: stepped(make)({**inputs, "rates": np.ones(3)})


def _guarded(x: Tensor, threshold: float) -> Tensor:
    norm = x.norm()
    return x * (threshold / torch.clamp(norm, min=threshold))


REMEDIES: Mapping[str, Answer] = {
    "sgd.velocity@keras": stepped(lambda w: torch.optim.SGD(w, momentum=0.5), rescaled),
    "sgd.nesterov_form@keras": stepped(lambda w: torch.optim.SGD(w, momentum=0.5, nesterov=True), rescaled),
    "sgd.decay@keras": stepped(lambda w: torch.optim.SGD(w, momentum=0.5), shrunk),
    "adam.decay@keras": stepped(lambda w: torch.optim.AdamW(w, betas=(0.5, 0.75), eps=2.0**-40, weight_decay=0.25)),
    "adam.decay@torch": stepped(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=2.0**-40, weight_decay=0.25)),
    "adam.epsilon_form@keras": stepped(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=0.25), _corrected),
    "adam.epsilon_form@mxnet": stepped(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=0.25), _corrected),
    "rmsprop.epsilon_form@keras": rooted(True, 0.25),
    "adagrad.epsilon_form@keras": rooted(False, 0.25),
    "adadelta.rate@mxnet": _one_rate(lambda w: torch.optim.Adadelta(w, lr=1.0, rho=0.75, eps=0.25)),
    "adamax.form@mxnet": stepped(lambda w: torch.optim.Adamax(w, betas=(0.5, 0.75), eps=0.0)),
    "clip_norm.guard@alike": lambda inputs: _guarded(t(inputs["x"]), float(inputs["threshold"])),
}
