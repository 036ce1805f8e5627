"""Owns PyTorch's answers to the atlas about schedules, and the states that optimizers start with.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.optim import lr_scheduler

from parity.torch_impl.atlas.asking import Answer, Inputs, optimized, rates, weights


def _patience(_: Inputs) -> int:
    optimizer = torch.optim.SGD(weights(1), lr=1.0)
    schedule, epochs = lr_scheduler.ReduceLROnPlateau(optimizer, patience=2), 0
    while optimizer.param_groups[0]["lr"] == 1.0:
        schedule.step(5.0)
        epochs += 1
    return epochs


def _improved(_: Inputs) -> float:
    schedule = lr_scheduler.ReduceLROnPlateau(torch.optim.SGD(weights(1), lr=1.0))
    for loss in (100.0, 99.995):
        schedule.step(loss)
    return float(schedule.best < 100.0)


def moved(make: type[torch.optim.Optimizer], gradient: float, **arguments: float) -> float:
    """How far the first step moves a weight."""
    w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    w.grad = torch.full_like(w, gradient)
    make([w], lr=1.0, **arguments).step()
    return -float(w)


def _adadelta(_: Inputs) -> list[float]:
    """Both initial mean squares. With ρ = 3/4, ε = 1 and the gradients 1 and 2, (gradient/move)² is
    (ρ·start + gradient²/4 + 1)/(start of the updates' mean square + 1)."""
    first, second = ((g / moved(torch.optim.Adadelta, g, rho=0.75, eps=1.0)) ** 2 for g in (1.0, 2.0))
    divisor = 0.75 / (second - first)
    return [round((first * divisor - 1.25) / 0.75, 4) + 0.0, round(divisor - 1, 4) + 0.0]


ANSWERS: Mapping[str, Answer] = {
    "exponential_decay.between": lambda _: rates(lambda o: lr_scheduler.StepLR(o, 2, 0.5), 4),
    "multi_step_decay.boundary": lambda _: rates(lambda o: lr_scheduler.MultiStepLR(o, [2], 0.5), 4),
    "cosine_decay.beyond": lambda _: rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 4), 7)[6],
    "cosine_decay.end_means": lambda _: rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 4, eta_min=0.25), 5, 0.5)[4],
    "warmup.first": lambda _: rates(lambda o: lr_scheduler.LinearLR(o, total_iters=4), 4),
    "plateau.patience_means": _patience,
    "plateau.threshold": _improved,
    "adam.amsgrad_maximum": optimized(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=2.0**-40, amsgrad=True)),
    "rmsprop.mean_square_start": lambda _: (
        round((moved(torch.optim.RMSprop, 1.0, alpha=0.75, eps=2.0**-40) ** -2 - 0.25) / 0.75, 4) + 0.0
    ),
    "adadelta.mean_square_start": _adadelta,
    "cosine_decay.rates": lambda _: rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 4), 4),
    "polynomial_decay.rates": lambda _: rates(lambda o: lr_scheduler.PolynomialLR(o, 4), 4),
}
