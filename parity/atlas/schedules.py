"""Owns the questions about schedules of the learning rate: what they count, where they end, when they fall.

Each form is worked out here in float64 from the definition. It refuses to know which framework does what.
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
        "Keras: ExponentialDecay(staircase=True); smooth in MXNet: FactorScheduler(1, factor ** (1 / steps))",
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
        "torch: stop calling CosineAnnealingLR.step() after T_max steps",
    ),
    Question(
        "cosine_decay.end_means",
        "optimizers",
        "a cosine schedule from 0.5 with its end set to 0.25 ends at",
        {},
        {"0.25: it is a rate": form(0.25), "0.125: it is a share of the first rate": form(0.125)},
        "Keras's alpha is torch's eta_min and MXNet's final_lr divided by the first rate",
    ),
    Question(
        "warmup.first",
        "optimizers",
        "warming up to 1 over 4 steps, defaults: rates of updates 1 to 4",
        {},
        None,
        "an update of rate 0 is lost: start at rate/4; torch: LinearLR(start_factor=1/4, total_iters=3) gives MXNet's",
    ),
    Question(
        "plateau.patience_means",
        "optimizers",
        "reducing on a plateau with patience 2: epochs of the same loss until the rate falls",
        {},
        {"3": form(3), "4": form(4)},
        "Keras: patience + 1 for torch's",
    ),
    Question(
        "plateau.threshold",
        "optimizers",
        "reducing on a plateau: a loss that falls from 100 to 99.995",
        {},
        {"has improved": form(1.0), "has not": form(0.0)},
        "Keras's min_delta=1e-4 is absolute, torch's threshold=1e-4 relative: torch: threshold_mode='abs'",
    ),
)
