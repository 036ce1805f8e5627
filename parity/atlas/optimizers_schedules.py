"""Owns the questions about schedules, and the states that optimizers start with.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from parity.atlas.inputs import GRADIENTS, RATES, STEPS
from parity.atlas.question import Array, Question, form

FOUR = np.arange(4.0)
COSINE = (1 + np.cos(np.pi * np.arange(5.0) / 4)) / 2


def _amsgrad(corrected: bool) -> list[Array]:
    """β₁ = 1/2, β₂ = 3/4; epsilon is too small to show. The first gradient is the greatest, so that the maximum matters."""
    w, m, v, greatest, trajectory = 1.0, 0.0, 0.0, 0.0, []
    for t, (rate, g) in enumerate(zip(RATES, GRADIENTS, strict=True), start=1):
        m, v = 0.5 * m + 0.5 * g, 0.75 * v + 0.25 * g * g
        correction = 1 - 0.75**t
        greatest = max(greatest, v / correction if corrected else v)
        w -= rate * m / (1 - 0.5**t) / sqrt(greatest if corrected else greatest / correction)
        trajectory.append(w)
    return form(trajectory)


QUESTIONS = (
    Question(
        "exponential_decay.between",
        "optimizers",
        "an exponential schedule, halving every 2 updates: rates of updates 1 to 4",
        {},
        {"it falls at every update": form(0.5 ** (np.arange(4) / 2)), "in steps": form([1, 1, 0.5, 0.5])},
        "Keras: ExponentialDecay(staircase=True); smooth: MXNet: FactorScheduler(1, 0.5 ** (1 / 2)), torch: "
        "ExponentialLR(o, 0.5 ** (1 / 2))",
    ),
    Question(
        "multi_step_decay.boundary",
        "optimizers",
        "a rate of 1, halved at the boundary 2: updates with the old rate",
        {},
        {"1, 2": form([1, 1, 0.5, 0.5]), "1, 2, 3": form([1, 1, 1, 0.5])},
        "Keras's PiecewiseConstantDecay keeps the old rate at its boundary too: pass boundary - 1",
    ),
    Question(
        "cosine_decay.beyond",
        "optimizers",
        "a cosine schedule from 1 to 0 over 4 steps, at step 6",
        {},
        {"has stayed at 0": form(0.0), "rises again: 0.5": form(0.5)},
        "torch: if step < T_max: schedule.step()",
    ),
    Question(
        "cosine_decay.end_means",
        "optimizers",
        "a cosine schedule from 0.5 with its end set to 0.25 ends at",
        {},
        {"0.25: it is a rate": form(0.25), "0.125: it is a share of the first rate": form(0.125)},
        "Keras: CosineDecay(0.5, 4, alpha=0.25 / 0.5): torch's eta_min or MXNet's final_lr divided by the first rate",
    ),
    Question(
        "warmup.first",
        "optimizers",
        "warming up to 1 over 4 steps, defaults: rates of updates 1 to 4",
        {},
        None,
        "MXNet's: torch: LinearLR(start_factor=1/4, total_iters=3); Keras: CosineDecay(1 / 4, …, "
        "warmup_target=1.0, warmup_steps=3): none is of rate 0",
    ),
    Question(
        "plateau.patience_means",
        "optimizers",
        "reducing on a plateau with patience 2: epochs of the same loss until the rate falls",
        {},
        {"3": form(3), "4": form(4)},
        "Keras: patience(2 + 1) for torch's 2",
    ),
    Question(
        "plateau.threshold",
        "optimizers",
        "reducing on a plateau: a loss that falls from 100 to 99.995",
        {},
        {"has improved": form(1.0), "has not": form(0.0)},
        "Keras's is absolute, torch's relative: torch: threshold_mode='abs'; Keras: min_delta=0.01 is torch's "
        "1e-4 at a loss of 100",
    ),
    Question(
        "adam.amsgrad_maximum",
        "optimizers",
        "adam with amsgrad (whose paper corrects nothing): the maximum is taken over",
        STEPS,
        {"v, before bias correction": _amsgrad(False), "v̂, after bias correction": _amsgrad(True)},
    ),
    Question("rmsprop.mean_square_start", "optimizers", "rmsprop: its mean square starts at"),
    Question("adadelta.mean_square_start", "optimizers", "adadelta: the mean squares of gradients and of updates start at"),
    Question(
        "cosine_decay.rates",
        "optimizers",
        "a cosine schedule from 1 to 0 over 4 steps: the first update has the rate of",
        {},
        {"step 0: 1, 0.854, 0.5, 0.146": form(COSINE[:4]), "step 1: 0.854, 0.5, 0.146, 0": form(COSINE[1:])},
        "MXNet counts from 1: an LRScheduler of your own that gives schedule(n - 1) at n has the others' rates",
    ),
    Question(
        "polynomial_decay.rates",
        "optimizers",
        "a linear schedule (power 1) from 1 to 0 over 4 steps: the first update has the rate of",
        {},
        {"step 0: 1, 0.75, 0.5, 0.25": form(1 - FOUR / 4), "step 1: 0.75, 0.5, 0.25, 0": form(1 - (FOUR + 1) / 4)},
        "MXNet counts from 1: an LRScheduler of your own that gives schedule(n - 1) at n has the others' rates",
    ),
)
