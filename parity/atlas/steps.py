"""Owns the questions about training steps and their inputs: batches, accumulated or missing gradients, rules, initial states.

It computes each form in float64 from the definition, and refuses to know which framework does what.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from parity.atlas.question import Array, Question, form
from parity.atlas.rules import CONSTANT, GRADIENTS, STEPS

INPUTS = {**STEPS, "rates": CONSTANT}


def _nadam(decay: float) -> list[Array]:
    """Weights after three steps with β₁ = 1/2, β₂ = 3/4 and Dozat's schedule 0.96^(t·decay)."""
    w, m, v, product, seen = 1.0, 0.0, 0.0, 1.0, []
    for t, g in enumerate(GRADIENTS, start=1):
        now, after = (0.5 * (1 - 0.5 * 0.96 ** (k * decay)) for k in (t, t + 1))
        m, v, product = 0.5 * m + 0.5 * g, 0.75 * v + 0.25 * g * g, product * now
        ahead = after * m / (1 - product * after) + (1 - now) * g / (1 - product)
        w -= 0.5 * ahead / (sqrt(v / (1 - 0.75**t)) + 2.0**-10)
        seen.append(w)
    return form(seen)


def _rmsprop(place: str) -> list[Array]:
    """Momentum 1/2 after a mean square with ρ = 3/4. The rate falls, so that its place shows; epsilon is too small to show."""
    w, s, velocity, seen = 1.0, 0.0, 0.0, []
    for rate, g in zip(STEPS["rates"], GRADIENTS, strict=True):
        s = 0.75 * s + 0.25 * g * g
        move = g / sqrt(s)
        velocity = {"inside": 0.5 * velocity + rate * move, "outside": 0.5 * velocity + move, "none": move}[place]
        w -= velocity if place == "inside" else rate * velocity
        seen.append(w)
    return form(seen)


def _lamb(within: bool) -> list[Array]:
    """Weights after one step of rate 1/2 and decay 1/4 from (3, 4), with corrected moments that give the direction (1, 1)."""
    w, direction = np.array([3.0, 4.0]), np.ones(2)
    if within:
        direction = direction + 0.25 * w
    else:
        w = w - 0.5 * 0.25 * w
    return form(w - 0.5 * np.linalg.norm(w) / np.linalg.norm(direction) * direction)


SHUFFLED = (np.arange(64.0) * 27 + 5) % 64
"""Each number once; over all windows of 2 by 2, the greatest number takes every position in a window."""


QUESTIONS = (
    Question(
        "initializer.twice",
        "initializers",
        "one he_normal for two kernels of one shape: the second kernel is",
        {},
        {"the first again": form(0.0), "another draw": form(1.0)},
        "Keras keeps an initializer's seed: make an object for each layer, HeNormal(), or pass 'he_normal'; "
        "torch: torch.manual_seed(7) before each",
    ),
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
    Question(
        "gradient.accumulated",
        "training",
        "gradients 2 and 4 of two batches gathered by the framework, then one step of rate 1",
        {"x": np.array([2.0, 4.0])},
        {"moves by 6: their sum": form(6.0), "moves by 3: their mean": form(3.0)},
        "torch, MXNet (there grad_req='add'): divide each loss by the number of batches, loss / 2; Keras's accumulation does",
    ),
    Question(
        "gradient.of_vector",
        "training",
        "gradient of a vector x² at 1, 2 that nobody summed up",
        {"x": np.array([1.0, 2.0])},
        {"that of its sum: 2, 4": form([2.0, 4.0])},
        "torch: (x**2).sum().backward(), or the mean where the others' losses are means",
    ),
    Question(
        "gradient.second_dense",
        "training",
        "second derivative of (1·k)² + … + (4·k)² by k, through a dense layer",
        {"x": np.arange(1.0, 5.0)},
        {"60": form(60.0), "0, and nothing is said": form(0.0)},
        "MXNet 1.9: build the layer of nd.batch_dot(x, w) and nd.square(y), which have right second derivatives",
    ),
    Question(
        "gradient.second_convolution",
        "training",
        "second derivative of (1·k)² + … + (4·k)² by k, through a convolution",
        {"x": np.arange(1.0, 5.0)},
        {"60": form(60.0), "0, and nothing is said": form(0.0)},
        "MXNet 1.9 has none: take differences of gradients (of a square they are exact)",
    ),
    Question(
        "max_pool2d.behind_reshape",
        "training",
        "gradient of max_pool2d right behind a reshape, and behind a copy of the reshaped image",
        {"x": SHUFFLED},
        {"the same": form(1.0), "another: the first is wrong": form(0.0)},
        "MXNet on CPU, float32: pool.hybridize(), or x.reshape(…).copy(): its eager kernel reads another array",
    ),
    Question(
        "model.list",
        "training",
        "a model that keeps two dense layers in a Python list trains",
        {},
        {"all four arrays": form(4.0), "none of them": form(0.0)},
        "torch: nn.ModuleList(layers); MXNet: self.register_child(part) for each, or nn.Sequential",
    ),
    Question(
        "view.writes",
        "training",
        "writing into a slice x[0:1] changes x",
        {"x": np.array([1.0, 2.0])},
        {"yes": form(7.0), "no": form(1.0)},
        "torch: x[0:1].clone(); MXNet: x[0:1].copy(); Keras: ops.slice_update(x, (0,), …) gives another tensor",
    ),
    Question(
        "batches.size",
        "training",
        "70 examples, no batch size named: sizes of the first and the last batch",
        {"x": np.arange(70.0)},
        None,
        "name it, batch_size=32: Keras: in fit; torch, MXNet: DataLoader",
    ),
    Question(
        "batches.shuffled",
        "training",
        "70 examples in one pass of training: their order by default (torch, MXNet: DataLoader, Keras: fit)",
        {"x": np.arange(70.0)},
        {"as given": form(1.0), "shuffled": form(0.0)},
        "of a DataLoader torch, MXNet: shuffle=True; Keras: fit's shuffle=False for the given order",
    ),
    Question(
        "batches.last_dropped",
        "training",
        "70 examples in batches of 32: the last 6",
        {"x": np.arange(70.0)},
        {"are a batch": form(3.0), "are dropped": form(2.0)},
    ),
)
