"""Owns the questions about steps of optimizers, one after the other.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from parity.atlas.inputs import CONSTANT, GRADIENTS, STEPS
from parity.atlas.question import Array, Question, form

INPUTS = {**STEPS, "rates": CONSTANT}


def _nadam(decay: float) -> list[Array]:
    """Weights after three steps with β₁ = 1/2, β₂ = 3/4 and Dozat's schedule 0.96^(t·decay)."""
    w, m, v, product, trajectory = 1.0, 0.0, 0.0, 1.0, []
    for t, g in enumerate(GRADIENTS, start=1):
        now, after = (0.5 * (1 - 0.5 * 0.96 ** (k * decay)) for k in (t, t + 1))
        m, v, product = 0.5 * m + 0.5 * g, 0.75 * v + 0.25 * g * g, product * now
        ahead = after * m / (1 - product * after) + (1 - now) * g / (1 - product)
        w -= 0.5 * ahead / (sqrt(v / (1 - 0.75**t)) + 2.0**-10)
        trajectory.append(w)
    return form(trajectory)


def _rmsprop(place: str) -> list[Array]:
    """Momentum 1/2 after a mean square with ρ = 3/4. The rate falls, so that its place shows; epsilon is too small to show."""
    w, s, velocity, trajectory = 1.0, 0.0, 0.0, []
    for rate, g in zip(STEPS["rates"], GRADIENTS, strict=True):
        s = 0.75 * s + 0.25 * g * g
        move = g / sqrt(s)
        velocity = {"inside": 0.5 * velocity + rate * move, "outside": 0.5 * velocity + move, "none": move}[place]
        w -= velocity if place == "inside" else rate * velocity
        trajectory.append(w)
    return form(trajectory)


def _lamb(within: bool) -> list[Array]:
    """Weights after one step of rate 1/2 and decay 1/4 from (3, 4), with corrected moments that give the direction (1, 1)."""
    w, direction = np.array([3.0, 4.0]), np.ones(2)
    if within:
        direction = direction + 0.25 * w
    else:
        w = w - 0.5 * 0.25 * w
    return form(w - 0.5 * np.linalg.norm(w) / np.linalg.norm(direction) * direction)


QUESTIONS = (
    Question(
        "sgd.float64",
        "optimizers",
        "sgd of rate 0.1 on a float64 weight of 1 and a gradient of 1: the new weight is off 0.9 by",
        {},
        {"0": form(0.0), "1.5e-9: the rate is held in float32": form(1.0)},
        "pass rates that float32 holds: 2**-10 for 0.001",
    ),
    Question(
        "nadam.schedule",
        "optimizers",
        "nadam: its momentum's schedule is",
        INPUTS,
        {"0.96^(t·0.004)": _nadam(0.004), "0.96^t": _nadam(1.0)},
        "torch: NAdam(momentum_decay=1.0) is Keras's schedule; MXNet: Nadam(schedule_decay=1.0)",
    ),
    Question(
        "nadam.weights",
        "optimizers",
        "nadam: two weights with the same gradients",
        INPUTS,
        {"stay alike": form(0.0), "drift apart": form(1.0)},
        "MXNet multiplies one product of momenta for every weight: make an optimizer.Nadam for each weight, or take Adam",
    ),
    Question(
        "rmsprop.momentum_form",
        "optimizers",
        "rmsprop with momentum: the learning rate stands",
        STEPS,
        {
            "inside the velocity": _rmsprop("inside"),
            "outside the velocity": _rmsprop("outside"),
            "alone: momentum is ignored": _rmsprop("none"),
        },
        "alike until the rate changes; at a change torch: mul_(last / rate) of the buffer, Keras: assign; "
        "momentum=0.0 is MXNet's without centered",
    ),
    Question(
        "adagrad.decay",
        "optimizers",
        "adagrad: weight decay is",
        {"rates": np.array([0.5]), "gradients": np.array([1.0])},
        {"added to the gradient (L2)": form([0.5]), "decoupled": form([0.375])},
        "coupled: Keras: regularizers.L2(decay / 2); decoupled: torch: w.data.mul_(1 - rate * decay) before the step",
    ),
    Question(
        "ftrl.penalty_2",
        "optimizers",
        "ftrl, one step: the divisor has the L2 penalty (MXNet: wd)",
        {},
        {"once": form(1 / 4.5), "twice": form(1 / 5.0)},
        "Keras: Ftrl(l2_regularization_strength=wd / 2), half of MXNet's wd or of the paper's λ₂",
    ),
    Question(
        "lamb.decay",
        "optimizers",
        "lamb: weight decay stands",
        {},
        {"within the ratio of norms, as in the paper": _lamb(True), "before it, decoupled": _lamb(False)},
        "MXNet: wd=0.0, and w * (1 - rate * decay) before the step, is Keras's; in Keras no argument moves it",
    ),
    Question(
        "adam.late_weight",
        "optimizers",
        "adam: a weight whose first gradient comes at step 2 is corrected for",
        {},
        {"its own first step": form(0.5), "the second step": form(1 - 0.5 * (0.5 / 0.75) / sqrt(0.25 / (1 - 0.75**2)))},
        "Keras counts steps of the optimizer, not of the weight: optimizers.Adam(…) of its own for what trains later",
    ),
    Question(
        "step.unused",
        "optimizers",
        "a step with weight decay 0.25 and rate 1: a weight of 1 that the loss did not use",
        {},
        {"stays 1": form(1.0), "is decayed to 0.75": form(0.75)},
        "MXNet: trainer.step(1, ignore_stale_grad=True) leaves it; elsewhere freeze what is not to move",
    ),
    Question(
        "decay.bias",
        "optimizers",
        "weight decay reaches a bias",
        {},
        {"yes": form(0.75), "no": form(1.0)},
    ),
    Question(
        "decay.bias_by_name",
        "optimizers",
        "weight decay reaches a bias (MXNet: in a Module, which tells the optimizer names)",
        {},
        {"yes": form(0.75), "no": form(1.0)},
        "MXNet: rule.set_wd_mult({'dense_bias': 1.0}); Keras: exclude_from_weight_decay(var_names=['bias']); "
        "torch: a group with its weight_decay 0",
    ),
    Question(
        "clip_norm.infinite",
        "optimizers",
        "clipping gradients (inf, 1) by a global norm of 1",
        {"x": np.array([np.inf, 1.0])},
        None,
        "skip such a step: torch: if norm.isfinite(); MXNet: if np.isfinite(norm); Keras: if ops.all(ops.isfinite(gradient))",
    ),
)
