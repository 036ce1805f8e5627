"""Optimizers in NumPy as choices along axes, each with the name that a fingerprint must give it; and unknown rules.

It refuses to share code with the library of closed forms: no formula text, no evaluator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

Array = np.ndarray
H = Mapping[str, float]
Direction = Callable[[Array, Array, float, int, H, dict[str, Any]], Array]
"""Function from (w, g, learning rate, t, hyper-parameters, state) to the change of w."""

DECAYS = {
    "": "",
    "coupled": ", weight decay coupled",
    "decoupled": ", weight decay decoupled",
    "unscaled": ", weight decay decoupled, not scaled by the learning rate",
    "shared": ", weight decay decoupled, scaled by the learning rate's share of its first",
    "after": ", weight decay decoupled, after the step",
}


def mean(s: dict[str, Any], key: str, x: Array, share: float, start: float = 0.0) -> Array:
    """A running mean."""
    before = s.get(key, np.full_like(x, start))
    s[key] = before + (1 - share) * (x - before)
    return s[key]


def velocity(nesterov: bool, inside: bool) -> Direction:
    def direction(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
        scale = rate if inside else 1.0
        s["v"] = h["momentum"] * s.get("v", 0.0) + scale * g
        step = scale * g + h["momentum"] * s["v"] if nesterov else s["v"]
        return -step if inside else -rate * step

    return direction


def adagrad(inside_root: bool, start: str) -> Direction:
    def direction(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
        first = {"zero": 0.0, "argument": h.get("accumulator", 0.0), "one": 1.0}[start]
        s["s"] = s.get("s", np.full_like(g, first)) + g * g
        return -rate * g / (np.sqrt(s["s"] + h["epsilon"]) if inside_root else np.sqrt(s["s"]) + h["epsilon"])

    return direction


def rmsprop(inside_root: bool, centered: bool, momentum: str) -> Direction:
    def direction(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
        below = mean(s, "s", g * g, h["rho"])
        if centered:
            below = below - mean(s, "a", g, h["rho"]) ** 2
        step = g / (np.sqrt(below + h["epsilon"]) if inside_root else np.sqrt(below) + h["epsilon"])
        if momentum == "none":
            return -rate * step
        s["v"] = h["momentum"] * s.get("v", 0.0) + (rate * step if momentum == "inside" else step)
        return -s["v"] if momentum == "inside" else -rate * s["v"]

    return direction


def adam(epsilon: str, amsgrad: bool, first_corrected: bool = True) -> Direction:
    def direction(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
        m, v = mean(s, "m", g, h["beta_1"]), mean(s, "v", g * g, h["beta_2"])
        if amsgrad:
            v = s["top"] = np.maximum(s.get("top", 0.0), v)
        bias = 1 - h["beta_2"] ** t
        m = m / (1 - h["beta_1"] ** t) if first_corrected else m
        if epsilon == "after":
            below = np.sqrt(v / bias) + h["epsilon"]
        elif epsilon == "before":
            below = (np.sqrt(v) + h["epsilon"]) / np.sqrt(bias)
        else:
            below = np.sqrt(v / bias + h["epsilon"])
        return -rate * m / below

    return direction


def variants() -> Iterator[tuple[str, Direction, str, frozenset[str]]]:
    """(name, direction, decay, the hyper-parameters of its class) of every variant."""
    for (decay, words), nesterov, inside in product(DECAYS.items(), (False, True), (False, True)):
        name = ("nesterov" if nesterov else "momentum") + (", learning rate inside the velocity" if inside else "")
        yield name + words, velocity(nesterov, inside), decay, frozenset({"momentum"})
    starts = {"zero": "", "argument": ", accumulator from its argument", "one": ", accumulator from 1"}
    for (decay, words), inside, (start, told) in product(DECAYS.items(), (False, True), starts.items()):
        name = ("adagrad_epsilon_inside" if inside else "adagrad") + told + words
        yield name, adagrad(inside, start), decay, frozenset({"epsilon"} | ({"accumulator"} if start == "argument" else set()))
    momenta = {"none": "", "outside": ", momentum", "inside": ", momentum, learning rate inside the velocity"}
    for (decay, words), inside, centered, (momentum, told) in product(DECAYS.items(), (0, 1), (0, 1), momenta.items()):
        base = "rmsprop_centered" if centered else "rmsprop_epsilon_inside" if inside else "rmsprop"
        name = base + (", epsilon outside the root" if centered and not inside else "") + told
        name = name.replace("rmsprop, momentum", "rmsprop_momentum")
        yield (
            name + words,
            rmsprop(bool(inside), bool(centered), momentum),
            decay,
            frozenset({"rho", "epsilon"} | ({"momentum"} if momentum != "none" else set())),
        )
    places = {"after": "", "before": "_epsilon_inside", "root": ", epsilon inside the root, after the bias correction"}
    for (decay, words), (place, told), amsgrad, corrected in product(
        DECAYS.items(), places.items(), (False, True), (True, False)
    ):
        name = "adam" + told
        if amsgrad:
            name = "amsgrad" + told.replace("_epsilon_inside", ", epsilon before the bias correction")
        name += ("" if corrected else ", first moment not corrected") + words
        own = {
            "adam, weight decay decoupled": "adamw",
            "adam, epsilon inside the root, after the bias correction": "adam_epsilon_in_root",
        }
        name = own.get(name, name)
        yield name, adam(place, amsgrad, corrected), decay, frozenset({"beta_1", "beta_2", "epsilon"})
    for decay, words in DECAYS.items():
        for name, direction in (("adabelief", _belief), ("yogi, moments corrected", _yogi)):
            yield name + words, direction, decay, frozenset({"beta_1", "beta_2", "epsilon"})


def _belief(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
    m = mean(s, "m", g, h["beta_1"])
    v = s["v"] = h["beta_2"] * s.get("v", 0.0) + (1 - h["beta_2"]) * (g - m) ** 2 + h["epsilon"]
    return -rate * m / (1 - h["beta_1"] ** t) / (np.sqrt(v / (1 - h["beta_2"] ** t)) + h["epsilon"])


def _yogi(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
    m, v = mean(s, "m", g, h["beta_1"]), s.get("v", np.zeros_like(g))
    s["v"] = v - (1 - h["beta_2"]) * np.sign(v - g * g) * g * g
    return -rate * m / (1 - h["beta_1"] ** t) / (np.sqrt(s["v"] / (1 - h["beta_2"] ** t)) + h["epsilon"])


def _half_belief(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
    m, v = mean(s, "m", g, h["beta_1"]), mean(s, "v", g * (g - s["m"]), h["beta_2"])
    return -rate * m / (1 - h["beta_1"] ** t) / (np.sqrt(abs(v) / (1 - h["beta_2"] ** t)) + h["epsilon"])


def _late(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
    before, s["g"] = s.get("g", np.zeros_like(g)), g
    return adam("after", False)(w, before, rate, t, h, s)


def _quasi(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
    return -rate * (0.7 * mean(s, "m", g, h["momentum"]) + 0.3 * g)


def _fourth(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
    return -rate * g / (mean(s, "s", g**4, h["rho"]) ** 0.25 + h["epsilon"])


def _normalized(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
    return -rate * g / np.sqrt(np.sum(g * g))


def _rprop(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
    sign = np.sign(g * s.get("g", np.zeros_like(g)))
    s["size"] = s.get("size", np.full_like(g, rate)) * np.where(sign > 0, 1.2, np.where(sign < 0, 0.5, 1.0))
    s["g"] = g
    return -s["size"] * np.sign(g)


def _tenth(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
    s.setdefault("s", np.full_like(g, 0.1))
    return adagrad(False, "zero")(w, g, rate, t, h, s)


def foreign() -> dict[str, Direction]:
    """Rules that no closed form equals: near misses of known rules, and others."""

    def scaled(make: Direction, change: Callable[[Array, int], Array]) -> Direction:
        return lambda w, g, rate, t, h, s: change(make(w, g, rate, t, h, s), t)

    def fed(make: Direction, change: Callable[[Array, int], Array]) -> Direction:
        return lambda w, g, rate, t, h, s: make(w, change(g, t), rate, t, h, s)

    after, sums = adam("after", False), adagrad(False, "zero")
    heavy, mean_square = velocity(False, False), rmsprop(False, False, "none")
    return {
        "belief in the new gradient alone": _half_belief,
        "adam, weights cut at 5": lambda w, g, rate, t, h, s: np.clip(w + after(w, g, rate, t, h, s), -5, 5) - w,
        "gradient descent, clipped at 10": lambda w, g, rate, t, h, s: -rate * np.clip(g, -10, 10),
        "gradient descent, clipped at 100": lambda w, g, rate, t, h, s: -rate * np.clip(g, -100, 100),
        "adam, matrices decayed": lambda w, g, rate, t, h, s: (
            after(w, g, rate, t, h, s) - rate * h["epsilon"] * w * (w.ndim > 1)
        ),
        "adam, one step late": _late,
        "quasi-hyperbolic momentum": _quasi,
        "fourth root": _fourth,
        "normalized": _normalized,
        "rprop": _rprop,
        "adam, t from 2": lambda w, g, rate, t, h, s: after(w, g, rate, t + 1, h, s),
        "adam, a thousandth too far": scaled(after, lambda step, t: 1.001 * step),
        "adam, halved after five steps": scaled(after, lambda step, t: step if t <= 5 else step / 2),
        "adam of gradients in half precision": fed(after, lambda g, t: g.astype(np.float16).astype(np.float64)),
        "adam, clipped to 1": fed(after, lambda g, t: np.clip(g, -1, 1)),
        "adam, step clipped": scaled(after, lambda step, t: np.clip(step, -0.01, 0.01)),
        "adagrad of absolute gradients": lambda w, g, rate, t, h, s: -abs(sums(w, g, rate, t, h, s)),
        "adagrad, accumulator from 0.1": _tenth,
        "momentum of noisy gradients": fed(heavy, lambda g, t: g * (1 + 1e-4 * np.cos(np.arange(g.size)).reshape(g.shape))),
        "momentum, warm-up of its own": scaled(heavy, lambda step, t: step * min(1.0, t / 5)),
        "momentum, growing": lambda w, g, rate, t, h, s: heavy(w, g, rate, t, {**h, "momentum": 1 - 1 / (t + 1)}, s),
        "rmsprop, rate by the root of t": scaled(mean_square, lambda step, t: step / np.sqrt(t)),
        "rmsprop, rho growing": lambda w, g, rate, t, h, s: mean_square(w, g, rate, t, {**h, "rho": 1 - 1 / (t + 1)}, s),
        "gradient descent by the cube": lambda w, g, rate, t, h, s: -rate * g**3,
        "gradient descent, l1": lambda w, g, rate, t, h, s: -rate * (g + 0.01 * np.sign(w)),
        "nothing": lambda w, g, rate, t, h, s: np.zeros_like(g),
    }
