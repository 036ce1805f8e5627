"""Owns what the atlas advises for PyTorch about optimizers and schedules, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

from parity.torch_impl.atlas.answers import Answer, Inputs, t
from parity.torch_impl.atlas.steps import rates

Make = Callable[[list[Tensor]], torch.optim.Optimizer]
EPSILON = 0.25
DECAY = 0.25


def stepped(make: Make, before: Callable[..., None] = lambda *_: None) -> Answer:
    """The weight after each step from 1. before(optimizer, w, step (from 1), rate, last rate) is called before it."""

    def answer(inputs: Inputs) -> list[float]:
        w = torch.ones(1, requires_grad=True)
        optimizer, seen, last = make([w]), [], float(inputs["rates"][0])
        for step, (rate, gradient) in enumerate(zip(inputs["rates"], inputs["gradients"], strict=True), start=1):
            optimizer.param_groups[0]["lr"] = float(rate)
            w.grad = torch.full((1,), float(gradient))
            before(optimizer, w, step, float(rate), last)
            optimizer.step()
            seen.append(w.item())
            last = float(rate)
        return seen

    return answer


def _rescaled(optimizer: Any, w: Tensor, _: int, rate: float, last: float) -> None:
    """Acts as if the velocity contained the learning rate, which then stays that of earlier steps when the rate changes."""
    if "momentum_buffer" in optimizer.state[w]:
        optimizer.state[w]["momentum_buffer"].mul_(last / rate)


def _shrunk(_optimizer: Any, w: Tensor, _: int, rate: float, _last: float) -> None:
    decay = DECAY
    w.data.mul_(1 - rate * decay)


def _corrected(optimizer: Any, _w: Tensor, step: int, _rate: float, _last: float) -> None:
    """Acts as if epsilon were added before the bias correction, as in Keras and MXNet."""
    optimizer.param_groups[0]["eps"] = EPSILON / (1 - 0.75**step) ** 0.5


def rooted(mean: bool, eps: float) -> Answer:
    """Keras's and MXNet's rule written out: epsilon inside the root."""

    def answer(inputs: Inputs) -> list[float]:
        w, s, seen = torch.ones(1), torch.zeros(1), []
        for rate, g in zip(t(inputs["rates"]), t(inputs["gradients"]), strict=True):
            s = 0.75 * s + 0.25 * g * g if mean else s + g * g
            w -= rate * g / (s + eps).sqrt()
            seen.append(w.item())
        return seen

    return answer


def _unclipped(inputs: Inputs) -> Tensor:
    """Clips the gradient of each weight by its own norm."""
    weights = [torch.zeros(1, requires_grad=True) for _ in inputs["x"]]
    for w, gradient in zip(weights, inputs["x"], strict=True):
        w.grad = torch.full((1,), float(gradient))
        nn.utils.clip_grad_norm_([w], 1.0)
    return torch.stack([w.grad for w in weights])


def _finite(inputs: Inputs) -> Tensor:
    w = torch.zeros(2, requires_grad=True)
    w.grad = t(inputs["x"])
    norm = nn.utils.clip_grad_norm_([w], 1.0)
    if norm.isfinite():
        torch.optim.SGD([w], lr=1.0).step()
    return w


def _undecayed(_: Inputs) -> Tensor:
    layer = nn.Linear(1, 1)
    layer.bias.data.fill_(1.0)
    groups = [{"params": [layer.weight]}, {"params": [layer.bias], "weight_decay": 0}]
    optimizer = torch.optim.SGD(groups, lr=1.0, weight_decay=0.25)
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    return layer.bias


def _precise(_: Inputs) -> float:
    w = torch.ones(1, dtype=torch.float64, requires_grad=True)
    w.grad = torch.ones_like(w)
    torch.optim.SGD([w], lr=2**-10).step()
    return float(w)


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


def _one_rate(make: Make) -> Answer:
    return lambda inputs: stepped(make)({**inputs, "rates": np.ones(3)})


def _guarded(x: Tensor, threshold: float) -> Tensor:
    norm = x.norm()
    return x * (threshold / torch.clamp(norm, min=threshold))


def _small(make: Make, gradient: float) -> list[float]:
    """Weights after three steps on the same gradient; a small gradient makes epsilon visible."""
    w, seen = torch.zeros(1, dtype=torch.float64, requires_grad=True), []
    optimizer = make([w])
    for _ in range(3):
        w.grad = torch.full_like(w, gradient)
        optimizer.step()
        seen.append(w.item())
    return seen


OPTIMIZERS: Mapping[str, Answer] = {
    "clip_norm.over@keras": _unclipped,
    "sgd.velocity@keras": stepped(lambda w: torch.optim.SGD(w, momentum=0.5), _rescaled),
    "sgd.nesterov_form@keras": stepped(lambda w: torch.optim.SGD(w, momentum=0.5, nesterov=True), _rescaled),
    "rmsprop.momentum_form@keras": stepped(lambda w: torch.optim.RMSprop(w, alpha=0.75, eps=2.0**-40, momentum=0.5), _rescaled),
    "rmsprop.momentum_form@torch": stepped(lambda w: torch.optim.RMSprop(w, alpha=0.75, eps=2.0**-40, momentum=0.5)),
    "rmsprop.momentum_form@mxnet": stepped(lambda w: torch.optim.RMSprop(w, alpha=0.75, eps=2.0**-40, momentum=0.0)),
    "sgd.decay@keras": stepped(lambda w: torch.optim.SGD(w, momentum=0.5), _shrunk),
    "adam.decay@keras": stepped(lambda w: torch.optim.AdamW(w, betas=(0.5, 0.75), eps=2.0**-40, weight_decay=0.25)),
    "adam.decay@torch": stepped(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=2.0**-40, weight_decay=0.25)),
    "adagrad.decay@keras": stepped(torch.optim.Adagrad, _shrunk),
    "adam.epsilon_form@keras": stepped(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=0.25), _corrected),
    "adam.epsilon_form@mxnet": stepped(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=0.25), _corrected),
    "adam.epsilon@torch": lambda _: _small(lambda w: torch.optim.Adam(w, lr=2**-10, betas=(0.5, 0.75)), 1e-6),
    "adamw.epsilon@torch": lambda _: _small(
        lambda w: torch.optim.AdamW(w, lr=2**-10, betas=(0.5, 0.75), weight_decay=0.0), 1e-6
    ),
    "rmsprop.epsilon_form@keras": rooted(True, 0.25),
    "adagrad.epsilon_form@keras": rooted(False, 0.25),
    "rmsprop.epsilon@torch": lambda _: _small(lambda w: torch.optim.RMSprop(w, lr=2**-10, alpha=0.75), 1e-7),
    "adagrad.epsilon@torch": lambda _: _small(lambda w: torch.optim.Adagrad(w, lr=2**-10), 1e-9),
    "adadelta.rate@mxnet": _one_rate(lambda w: torch.optim.Adadelta(w, lr=1.0, rho=0.75, eps=0.25)),
    "adadelta.learning_rate@mxnet": lambda _: _small(lambda w: torch.optim.Adadelta(w, lr=1.0, rho=0.9, eps=1e-5), 0.5),
    "adamax.form@mxnet": stepped(lambda w: torch.optim.Adamax(w, betas=(0.5, 0.75), eps=0.0)),
    "adamax.epsilon@alike": lambda _: _small(lambda w: torch.optim.Adamax(w, lr=2**-10, eps=0.0), 1e-6),
    "clip_norm.guard@alike": lambda inputs: _guarded(t(inputs["x"]), float(inputs["threshold"])),
    "sgd.float64@alike": _precise,
    "nadam.schedule@keras": stepped(lambda w: torch.optim.NAdam(w, betas=(0.5, 0.75), eps=2.0**-10, momentum_decay=1.0)),
    "decay.bias_by_name@mxnet": _undecayed,
    "clip_norm.infinite@alike": _finite,
    "exponential_decay.between@keras": lambda _: rates(lambda o: lr_scheduler.ExponentialLR(o, 0.5 ** (1 / 2)), 4),
    "cosine_decay.beyond@keras": _stopped,
    "warmup.first@mxnet": lambda _: rates(lambda o: lr_scheduler.LinearLR(o, start_factor=1 / 4, total_iters=3), 4),
    "warmup.start@torch": lambda _: rates(lambda o: lr_scheduler.LinearLR(o, total_iters=4), 5),
    "warmup.start@mxnet": lambda _: rates(lambda o: lr_scheduler.LinearLR(o, start_factor=1 / 4, total_iters=3), 4),
    "plateau.threshold@keras": _improved,
    "cosine_restarts.multiplier@torch": lambda _: rates(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2), 8),
    "cosine_restarts.multiplier@keras": lambda _: rates(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2, T_mult=2), 8),
    "sgd.learning_rate@torch": lambda _: _small(torch.optim.SGD, 0.5),
    "sgd.learning_rate@keras": lambda _: _small(lambda w: torch.optim.SGD(w, lr=0.01), 0.5),
    "adagrad.learning_rate@torch": lambda _: _small(torch.optim.Adagrad, 0.5),
    "rmsprop.momentum@mxnet": lambda _: _small(lambda w: torch.optim.RMSprop(w, lr=0.001, alpha=0.9, momentum=0.0), 0.5),
}
