"""Owns the questions about optimizers.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np

from parity.atlas.inputs import CONSTANT, GRADIENTS, RATES, STEPS
from parity.atlas.question import Array, Question, form

DECAY, MOMENTUM, RHO = 0.25, 0.5, 0.75
Step = Callable[[dict[str, float], float, float, float, int], float]
"""Function from state, weight, gradient, learning rate and step (from 1) to the next weight."""


def _run(step: Step, rates: Array = RATES) -> list[Array]:
    state: dict[str, float] = {}
    w, trajectory = 1.0, []
    for t, (rate, gradient) in enumerate(zip(rates, GRADIENTS, strict=True), start=1):
        w = step(state, w, float(gradient), float(rate), t)
        trajectory.append(w)
    return form(trajectory)


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


QUESTIONS = (
    Question(
        "sgd.velocity",
        "optimizers",
        "sgd with momentum: the learning rate stands",
        STEPS,
        {"outside the velocity": _run(_velocity(False)), "inside the velocity": _run(_velocity(True))},
        "alike until the rate changes; at a change torch: momentum_buffer.mul_(last / rate) is Keras's; Keras: "
        "velocity.assign(velocity * (rate / last)) torch's",
    ),
    Question(
        "sgd.nesterov_form",
        "optimizers",
        "Nesterov: the learning rate stands",
        STEPS,
        {"outside the velocity": _run(_nesterov(False)), "inside the velocity": _run(_nesterov(True))},
        "alike until the rate changes; at a change torch: momentum_buffer.mul_(last / rate) is Keras's; Keras: "
        "velocity.assign(velocity * (rate / last)) torch's",
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
        "coupled: Keras: regularizers.L2(decay / 2); decoupled: torch: w.data.mul_(1 - rate * decay) before the "
        "step; MXNet: w *= 1 - rate * decay",
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
        "decoupled: torch: AdamW; MXNet: w *= 1 - rate * decay before the step; coupled: Keras: regularizers.L2(decay / 2)",
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
        "at each step: Keras, MXNet: optimizer.epsilon = ε·√(1 - β₂^step) is torch's ε; torch: group['eps'] = ε "
        "/ √(1 - β₂^step) is theirs",
    ),
    Question(
        "rmsprop.epsilon_form",
        "optimizers",
        "rmsprop: epsilon stands",
        STEPS,
        _epsilon_forms(True),
        "no value is alike (its square up to 41 % off): write w -= rate * g / (s + eps).sqrt() in torch, / "
        "(ops.sqrt(s) + eps) in Keras, nd in MXNet",
    ),
    Question(
        "adagrad.epsilon_form",
        "optimizers",
        "adagrad: epsilon stands",
        STEPS,
        _epsilon_forms(False),
        "no value is alike (its square up to 41 % off): write w -= rate * g / (s + eps).sqrt() in torch, / "
        "(ops.sqrt(s) + eps) in Keras, nd in MXNet",
    ),
    Question(
        "adadelta.rate",
        "optimizers",
        "adadelta: the learning rate is",
        STEPS,
        {"used": _run(_adadelta(True)), "ignored": _run(_adadelta(False))},
        "Keras: Adadelta(learning_rate=1.0) and torch: Adadelta(lr=1.0) are MXNet's rule, and the paper's",
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
        "Keras: Adamax(epsilon=0.0) and torch: eps=0.0 are MXNet's rule, and the paper's",
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
        "write it: torch: x * (threshold / torch.clamp(norm, min=threshold)); Keras: ops.maximum(norm, "
        "threshold); MXNet: nd.maximum",
    ),
)
