"""Owns the questions about optimizers, losses and initializers. Forms are worked out here in float64 from the definitions.

It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np

from parity.atlas.question import Array, Question, form

RATES, GRADIENTS = np.array([0.5, 0.25, 0.25]), np.array([1.0, 0.5, -0.75])
CONSTANT = np.array([0.5, 0.5, 0.5])
DECAY, MOMENTUM, RHO = 0.25, 0.5, 0.75
STEPS = {"rates": RATES, "gradients": GRADIENTS}

Step = Callable[[dict[str, float], float, float, float, int], float]
"""state, weight, gradient, rate, step from 1 -> the next weight."""


def _run(step: Step, rates: Array = RATES) -> list[Array]:
    state: dict[str, float] = {}
    w, seen = 1.0, []
    for t, (rate, gradient) in enumerate(zip(rates, GRADIENTS, strict=True), start=1):
        w = step(state, w, float(gradient), float(rate), t)
        seen.append(w)
    return form(seen)


def _velocity(inside: bool) -> Step:
    def step(s: dict[str, float], w: float, g: float, rate: float, t: int) -> float:
        s["v"] = MOMENTUM * s.get("v", 0.0) + (rate * g if inside else g)
        return w - (s["v"] if inside else rate * s["v"])

    return step


def _nesterov(inside: bool) -> Step:
    def step(s: dict[str, float], w: float, g: float, rate: float, t: int) -> float:
        gain = rate if inside else 1.0
        s["v"] = MOMENTUM * s.get("v", 0.0) + gain * g
        return w - (MOMENTUM * s["v"] + gain * g) * (1.0 if inside else rate)

    return step


def _decayed(coupled: bool, inside: bool) -> Step:
    inner = _velocity(inside)

    def step(s: dict[str, float], w: float, g: float, rate: float, t: int) -> float:
        if coupled:
            return inner(s, w, g + DECAY * w, rate, t)
        return inner(s, w - rate * DECAY * w, g, rate, t)

    return step


def _adam(epsilon: float, hat: bool = False, coupled: float = 0.0, decoupled: float = 0.0) -> Step:
    def step(s: dict[str, float], w: float, g: float, rate: float, t: int) -> float:
        g += coupled * w
        w -= rate * decoupled * w
        s["m"] = 0.5 * s.get("m", 0.0) + 0.5 * g
        s["v"] = 0.75 * s.get("v", 0.0) + 0.25 * g * g
        first, second = 1 - 0.5**t, 1 - 0.75**t
        if hat:
            return w - rate * sqrt(second) / first * s["m"] / (sqrt(s["v"]) + epsilon)
        return w - rate * s["m"] / first / (sqrt(s["v"] / second) + epsilon)

    return step


def _adamax(place: str) -> Step:
    def step(s: dict[str, float], w: float, g: float, rate: float, t: int) -> float:
        s["m"] = 0.5 * s.get("m", 0.0) + 0.5 * g
        old = 0.75 * s.get("u", 0.0)
        s["u"] = max(old, abs(g) + (0.25 if place == "gradient" else 0.0))
        return w - rate / (1 - 0.5**t) * s["m"] / (s["u"] + (0.25 if place == "root" else 0.0))

    return step


def _rooted(mean: bool, outside: bool) -> Step:
    def step(s: dict[str, float], w: float, g: float, rate: float, t: int) -> float:
        s["s"] = RHO * s.get("s", 0.0) + (1 - RHO) * g * g if mean else s.get("s", 0.0) + g * g
        return w - rate * g / (sqrt(s["s"]) + 0.25 if outside else sqrt(s["s"] + 0.25))

    return step


def _adadelta(used: bool) -> Step:
    def step(s: dict[str, float], w: float, g: float, rate: float, t: int) -> float:
        s["s"] = RHO * s.get("s", 0.0) + (1 - RHO) * g * g
        move = sqrt(s.get("d", 0.0) + 0.25) / sqrt(s["s"] + 0.25) * g
        s["d"] = RHO * s.get("d", 0.0) + (1 - RHO) * move * move
        return w - (rate if used else 1.0) * move

    return step


def _epsilon_forms(mean: bool) -> dict[str, list[Array]]:
    return {"outside the root": _run(_rooted(mean, True)), "inside the root": _run(_rooted(mean, False))}


OPTIMIZERS = (
    Question(
        "sgd.velocity",
        "optimizers",
        "sgd with momentum: the learning rate stands",
        STEPS,
        {"outside the velocity": _run(_velocity(False)), "inside the velocity": _run(_velocity(True))},
        "the same until the learning rate changes: a schedule acts at once outside, after 1/(1 - momentum) steps inside",
    ),
    Question(
        "sgd.nesterov_form",
        "optimizers",
        "Nesterov: the learning rate stands",
        STEPS,
        {"outside the velocity": _run(_nesterov(False)), "inside the velocity": _run(_nesterov(True))},
        "as for momentum",
    ),
    Question(
        "sgd.decay",
        "optimizers",
        "sgd: weight decay is",
        {**STEPS, "rates": CONSTANT},
        {
            "added to the gradient (L2)": _run(_decayed(True, True), CONSTANT),
            "decoupled": _run(_decayed(False, True), CONSTANT),
        },
        "decoupled decay does not enter the velocity; use an L2 penalty in the loss for the other",
    ),
    Question(
        "adam.decay",
        "optimizers",
        "adam: weight decay is",
        {**STEPS, "rates": CONSTANT},
        {
            "added to the gradient (L2)": [
                *_run(_adam(2.0**-10, coupled=DECAY), CONSTANT),
                *_run(_adam(2.0**-10, True, DECAY), CONSTANT),
            ],
            "decoupled (AdamW)": _run(_adam(2.0**-10, decoupled=DECAY), CONSTANT)
            + _run(_adam(2.0**-10, True, decoupled=DECAY), CONSTANT),
        },
        "torch: AdamW for the decoupled form; Keras: an L2 regularizer for the coupled one",
    ),
    Question(
        "adam.epsilon_form",
        "optimizers",
        "adam: epsilon is added to",
        STEPS,
        {
            "√v̂, after bias correction (algorithm 1)": _run(_adam(0.25)),
            "√v, before bias correction (ε̂)": _run(_adam(0.25, True)),
        },
        "scale epsilon by √(1 - β₂ᵗ): it matters early, and where gradients are tiny",
    ),
    Question(
        "rmsprop.epsilon_form", "optimizers", "rmsprop: epsilon stands", STEPS, _epsilon_forms(True), "square or root epsilon"
    ),
    Question(
        "adagrad.epsilon_form", "optimizers", "adagrad: epsilon stands", STEPS, _epsilon_forms(False), "square or root epsilon"
    ),
    Question(
        "adadelta.rate",
        "optimizers",
        "adadelta: the learning rate is",
        STEPS,
        {"used": _run(_adadelta(True)), "ignored": _run(_adadelta(False))},
        "set the learning rate to 1 for the paper's rule",
    ),
    Question(
        "adamax.form",
        "optimizers",
        "adamax: epsilon is",
        STEPS,
        {
            "added to |g| in the maximum": _run(_adamax("gradient")),
            "added to the maximum": _run(_adamax("root")),
            "absent, as in the paper": _run(_adamax("")),
        },
    ),
    Question(
        "clip_norm.guard",
        "optimizers",
        "clipping by global norm divides by",
        {"x": np.array([3e-6, 4e-6]), "threshold": np.array(1e-6)},
        {
            "the norm": form([6e-7, 8e-7]),
            "the norm + 1e-6": form([3e-6 / 6, 4e-6 / 6]),
            "the norm + 1e-8": form([3e-6 / 5.01, 4e-6 / 5.01]),
        },
        "only tiny thresholds can tell",
    ),
)

_SCORES, _LABELS = np.array([[0.2, 0.3, 0.5]]), np.array([0])
_OF_LOGITS = -np.log(np.exp(0.2) / np.exp(_SCORES).sum())
_TWO, _CLASSES = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1])
_LOSSES = np.log(1 + np.exp([-1.0, 1.0]))
_SQUARES = np.array([[1.0, 2.0], [3.0, 5.0]])
_P, _Q = np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([[0.25, 0.75], [0.5, 0.5]])
_DIVERGENCES = _P * np.log(_P / _Q)


def _reduced(elements: Any, half: bool = False) -> dict[str, list[Array]]:
    elements = np.asarray(elements)
    found = {"mean of all": form(elements.mean()), "one mean per example": form(elements.mean(1))}
    return found | ({"half the mean per example": form(elements.mean(1) / 2)} if half else {})


LOSSES = (
    Question(
        "squared_error.form",
        "losses",
        "squared error of a (2, 2) batch",
        {"x": _SQUARES},
        _reduced(_SQUARES**2, half=True),
        "MXNet's L2Loss is half as large, and its Trainer divides by the batch size that step() is told",
    ),
    Question("absolute_error.form", "losses", "absolute error of a (2, 2) batch", {"x": _SQUARES}, _reduced(_SQUARES)),
    Question(
        "huber.form",
        "losses",
        "Huber loss of a (2, 2) batch, delta 1",
        {"x": _SQUARES},
        _reduced(np.array([[0.5, 1.5], [2.5, 4.5]])),
    ),
    Question(
        "cross_entropy.takes",
        "losses",
        "cross-entropy takes by default",
        {"x": _SCORES, "labels": _LABELS},
        {
            "logits": form(_OF_LOGITS, [_OF_LOGITS]),
            "probabilities": form(-np.log(0.2)),
        },
        "Keras: from_logits=True",
    ),
    Question(
        "binary_cross_entropy.at_zero",
        "losses",
        "binary cross-entropy of probability 0 where the label is 1",
        {"x": np.array([0.0])},
        None,
        "use logits: the guard against log(0) differs",
    ),
    Question(
        "binary_cross_entropy.takes",
        "losses",
        "binary cross-entropy takes by default",
        {"x": np.array([0.3])},
        {"probabilities": form(-np.log(0.3)), "logits": form(np.log(1 + np.exp(-0.3)))},
        "Keras: from_logits=True; torch: BCEWithLogitsLoss; MXNet: from_sigmoid=True for probabilities",
    ),
    Question(
        "cross_entropy.ignored",
        "losses",
        "cross-entropy with an ignored label: the mean is over",
        {"x": _TWO, "labels": _CLASSES},
        {"the labels that count": form(_LOSSES[0]), "all labels": form(_LOSSES[0] / 2)},
        "rescale by the share of labels that count",
    ),
    Question(
        "cross_entropy.weighted",
        "losses",
        "cross-entropy with weights 1 and 3: the weighted sum is divided by",
        {"x": _TWO, "labels": _CLASSES, "weights": np.array([1.0, 3.0])},
        {
            "the count": form(_LOSSES @ [1, 3] / 2),
            "the sum of the weights": form(_LOSSES @ [1, 3] / 4),
            "nothing: one per example": form(_LOSSES * [1, 3]),
        },
        "rescale by the mean weight",
    ),
    Question(
        "kl_divergence.form",
        "losses",
        "KL divergence of a (2, 2) batch",
        {"p": _P, "q": _Q},
        {
            "mean over the batch (the definition)": form(_DIVERGENCES.sum() / 2),
            "mean over all elements": form(_DIVERGENCES.mean()),
            "one per example, the mean over classes": form(_DIVERGENCES.mean(1)),
            "one per example, the sum over classes": form(_DIVERGENCES.sum(1)),
        },
        "torch: reduction='batchmean'",
    ),
    Question(
        "cosine_similarity.sign",
        "losses",
        "cosine similarity of (1, 1) and (1, 0)",
        {"x": np.array([[1.0, 1.0]]), "y": np.array([[1.0, 0.0]])},
        {"the cosine": form(sqrt(0.5), [sqrt(0.5)]), "minus the cosine": form(-sqrt(0.5))},
        "change the sign",
    ),
    Question(
        "hinge.zero_label",
        "losses",
        "hinge loss of score 0.5 with label 0",
        {"x": np.array([0.5]), "labels": np.array([0.0])},
        {"0 is read as -1": form(1.5, [1.5]), "0 is multiplied in": form(1.0, [1.0])},
        "use labels -1 and 1",
    ),
)

QUESTIONS = (*OPTIMIZERS, *LOSSES)
