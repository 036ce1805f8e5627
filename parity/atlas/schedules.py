"""Owns the questions about schedules of the learning rate: the steps that they count, their ends, the moments of their falls.

It computes each form in float64 from the definition, and refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.question import Question, form

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
)
