"""Optimizers written from their papers without the formula evaluator: on scalars if a rule is element-wise, else on tensors.

It refuses to share code with the specs, and to know gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod, sqrt

import numpy as np

Array = np.ndarray

# One element of one parameter, written from the papers without the formula evaluator. h: hyper-parameters, s: state.
Scalar = Callable[[float, float, int, dict[str, float], dict[str, float], float], float]


def _adam(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["m"] = h["beta_1"] * s.get("m", 0.0) + (1 - h["beta_1"]) * g
    s["v"] = h["beta_2"] * s.get("v", 0.0) + (1 - h["beta_2"]) * g * g
    corrected = s["m"] / (1 - h["beta_1"] ** t), s["v"] / (1 - h["beta_2"] ** t)
    return -h["learning_rate"] * corrected[0] / (sqrt(corrected[1]) + h["epsilon"])


def _adam_inside(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["m"] = h["beta_1"] * s.get("m", 0.0) + (1 - h["beta_1"]) * g
    s["v"] = h["beta_2"] * s.get("v", 0.0) + (1 - h["beta_2"]) * g * g
    rate = h["learning_rate"] * sqrt(1 - h["beta_2"] ** t) / (1 - h["beta_1"] ** t)
    return -rate * s["m"] / (sqrt(s["v"]) + h["epsilon"])


def _momentum(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["step"] = h["momentum"] * s.get("step", 0.0) - h["learning_rate"] * g  # Sutskever et al., equation 1
    return s["step"]


def _nesterov(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    before = s.get("step", 0.0)
    s["step"] = h["momentum"] * before - h["learning_rate"] * g
    return h["momentum"] * s["step"] - h["learning_rate"] * g


def _adagrad(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["sum"] = s.get("sum", 0.0) + g * g
    return -h["learning_rate"] / (sqrt(s["sum"]) + h["epsilon"]) * g


def _rmsprop(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["mean"] = s.get("mean", 0.0) + (1 - h["rho"]) * (g * g - s.get("mean", 0.0))
    return -h["learning_rate"] / (sqrt(s["mean"]) + h["epsilon"]) * g


def _adam_in_root(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["m"] = h["beta_1"] * s.get("m", 0.0) + (1 - h["beta_1"]) * g
    s["v"] = h["beta_2"] * s.get("v", 0.0) + (1 - h["beta_2"]) * g * g
    corrected = s["m"] / (1 - h["beta_1"] ** t), s["v"] / (1 - h["beta_2"] ** t)
    return -h["learning_rate"] * corrected[0] / sqrt(corrected[1] + h["epsilon"])


def _adam_then_sgd(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    adam = _adam(w, g, t, h, s, norm)
    return adam if t <= h["switch"] else -h["learning_rate"] * h["ratio"] * g


def _adamax(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["m"] = h["beta_1"] * s.get("m", 0.0) + (1 - h["beta_1"]) * g
    s["u"] = max(h["beta_2"] * s.get("u", 0.0), abs(g))
    return -h["learning_rate"] / (1 - h["beta_1"] ** t) * s["m"] / s["u"]


def _dampened(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["v"] = h["momentum"] * s.get("v", 0.0) + g - h["dampening"] * g
    return -h["learning_rate"] * s["v"]


def _unbiased(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    """A running mean, with weights written out that add up to 1."""
    s["sum"], s["weights"] = h["momentum"] * s.get("sum", 0.0) + g, h["momentum"] * s.get("weights", 0.0) + 1.0
    return -h["learning_rate"] * s["sum"] / s["weights"]


def _mean_square(g: float, h: dict[str, float], s: dict[str, float]) -> float:
    s["mean"] = s.get("mean", 0.0) + (1 - h["rho"]) * (g * g - s.get("mean", 0.0))
    return s["mean"]


def _centered(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["g"] = s.get("g", 0.0) + (1 - h["rho"]) * (g - s.get("g", 0.0))
    return -h["learning_rate"] * g / sqrt(_mean_square(g, h, s) - s["g"] * s["g"] + h["epsilon"])


def _rmsprop_momentum(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    step = h["learning_rate"] * g / (sqrt(_mean_square(g, h, s)) + h["epsilon"])
    s["step"] = h["momentum"] * s.get("step", 0.0) - step
    return s["step"]


def _rmsprop_inside(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    return -h["learning_rate"] / sqrt(h["epsilon"] + _mean_square(g, h, s)) * g


def _adagrad_inside(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["sum"] = s.get("sum", 0.0) + g * g
    return -h["learning_rate"] / sqrt(s["sum"] + h["epsilon"]) * g


def _adadelta(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    delta = -sqrt(s.get("delta", 0.0) + h["epsilon"]) / sqrt(_mean_square(g, h, s) + h["epsilon"]) * g
    s["delta"] = h["rho"] * s.get("delta", 0.0) + (1 - h["rho"]) * delta * delta
    return h["learning_rate"] * delta


def _adadelta_outside(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    delta = -(sqrt(s.get("delta", 0.0)) + h["epsilon"]) / (sqrt(_mean_square(g, h, s)) + h["epsilon"]) * g
    s["delta"] = h["rho"] * s.get("delta", 0.0) + (1 - h["rho"]) * delta * delta
    return h["learning_rate"] * delta


def _amsgrad(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    s["m"] = h["beta_1"] * s.get("m", 0.0) + (1 - h["beta_1"]) * g
    s["v"] = h["beta_2"] * s.get("v", 0.0) + (1 - h["beta_2"]) * g * g
    s["top"] = max(s.get("top", 0.0), s["v"])
    root = sqrt(s["top"]) / sqrt(1 - h["beta_2"] ** t)
    return -h["learning_rate"] / (1 - h["beta_1"] ** t) * s["m"] / (root + h["epsilon"])


def _nadam(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    def momentum(step: int) -> float:
        return h["beta_1"] * (1 - 0.5 * 0.96 ** (step * h["schedule_decay"]))

    s["m"] = h["beta_1"] * s.get("m", 0.0) + (1 - h["beta_1"]) * g
    s["v"] = h["beta_2"] * s.get("v", 0.0) + (1 - h["beta_2"]) * g * g
    product = prod(momentum(step) for step in range(1, t + 1))
    ahead = momentum(t + 1) * s["m"] / (1 - product * momentum(t + 1)) + (1 - momentum(t)) * g / (1 - product)
    return -h["learning_rate"] * ahead / (sqrt(s["v"] / (1 - h["beta_2"] ** t)) + h["epsilon"])


def _ftrl(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    """McMahan et al., with their case distinction."""
    n = s.get("n", 0.0)
    sigma = (sqrt(n + g * g) - sqrt(n)) / h["learning_rate"]
    s["z"], s["n"] = s.get("z", 0.0) + g - sigma * w, n + g * g
    if abs(s["z"]) <= h["l1"]:
        return -w
    z = s["z"] - h["l1"] * (1 if s["z"] > 0 else -1)
    return -z / ((h["beta"] + sqrt(s["n"])) / h["learning_rate"] + h["l2"]) - w


def _lion(w: float, g: float, t: int, h: dict[str, float], s: dict[str, float], norm: float) -> float:
    ahead = h["beta_1"] * s.get("m", 0.0) + (1 - h["beta_1"]) * g
    s["m"] = h["beta_2"] * s.get("m", 0.0) + (1 - h["beta_2"]) * g
    return -h["learning_rate"] * ((ahead > 0) - (ahead < 0)) - h["learning_rate"] * h["weight_decay"] * w


SCALARS: dict[str, Scalar] = {
    "sgd": lambda w, g, t, h, s, norm: -h["learning_rate"] * g,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "adagrad": _adagrad,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adam_epsilon_inside": _adam_inside,
    "adamax": _adamax,
    "dampened_momentum": _dampened,
    "unbiased_momentum": _unbiased,
    "rmsprop_centered": _centered,
    "rmsprop_momentum": _rmsprop_momentum,
    "rmsprop_epsilon_inside": _rmsprop_inside,
    "adagrad_epsilon_inside": _adagrad_inside,
    "adadelta": _adadelta,
    "adadelta_epsilon_outside": _adadelta_outside,
    "adam_epsilon_in_root": _adam_in_root,
    "adam_then_sgd": _adam_then_sgd,
    "amsgrad": _amsgrad,
    "nadam": _nadam,
    "ftrl": _ftrl,
    "lion": _lion,
    "sgd_clip_value": lambda w, g, t, h, s, norm: -h["learning_rate"] * max(-h["threshold"], min(g, h["threshold"])),
    "adamw": lambda w, g, t, h, s, norm: _adam(w, g, t, h, s, norm) - h["learning_rate"] * h["weight_decay"] * w,
    "sgd_l2": lambda w, g, t, h, s, norm: -h["learning_rate"] * (g + h["penalty"] * w),
    "sgd_clip_global_norm": lambda w, g, t, h, s, norm: -h["learning_rate"] * g * min(1.0, h["threshold"] / norm),
}


def _lamb(w: Array, g: Array, t: int, h: dict[str, float], s: dict[str, Array]) -> Array:
    """You et al., algorithm 2, by sums with weights written out, not by moving averages."""
    s["m"] = h["beta_1"] * s.get("m", np.zeros_like(g)) + g
    s["v"] = h["beta_2"] * s.get("v", np.zeros_like(g)) + g * g
    first = s["m"] / sum(h["beta_1"] ** k for k in range(t))
    second = s["v"] / sum(h["beta_2"] ** k for k in range(t))
    step = first / (np.sqrt(second) + h["epsilon"]) + h["weight_decay"] * w
    return -h["learning_rate"] * step * np.linalg.norm(w.ravel()) / np.linalg.norm(step.ravel())


def _clip_norm(w: Array, g: Array, t: int, h: dict[str, float], s: dict[str, Array]) -> Array:
    norm = np.linalg.norm(g.ravel())
    return -h["learning_rate"] * (g * h["threshold"] / norm if norm > h["threshold"] else g)


def _adafactor(w: Array, g: Array, t: int, h: dict[str, float], s: dict[str, Array]) -> Array:
    """Shazeer & Stern, algorithm 4 with its sums (for a vector, algorithm 5), row by row and column by column."""
    beta = 1 - t ** h["beta_2_decay"]
    square = g * g + h["epsilon_1"]
    if g.ndim == 1:
        s["v"] = beta * s.get("v", np.zeros_like(g)) + (1 - beta) * square
        v = s["v"]
    else:
        s["r"] = beta * s.get("r", np.zeros(g.shape[0])) + (1 - beta) * square.sum(axis=1)
        s["c"] = beta * s.get("c", np.zeros(g.shape[1])) + (1 - beta) * square.sum(axis=0)
        v = np.outer(s["r"], s["c"]) / s["r"].sum()
    u = g / np.sqrt(v)
    u = u / max(1.0, np.linalg.norm(u.ravel()) / sqrt(u.size) / h["clip_threshold"])
    relative = min(h["learning_rate"], 1 / sqrt(t))
    return -max(h["epsilon_2"], np.linalg.norm(w.ravel()) / sqrt(w.size)) * relative * u


def _muon(w: Array, g: Array, t: int, h: dict[str, float], s: dict[str, Array]) -> Array:
    """Jordan et al. by singular values: the quintic changes each value, and the vectors stay."""
    s["v"] = h["momentum"] * s.get("v", np.zeros_like(g)) + g
    ahead = g + h["momentum"] * s["v"]
    left, values, right = np.linalg.svd(ahead / (np.linalg.norm(ahead) + h["epsilon"]), full_matrices=False)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return -h["learning_rate"] * (left @ np.diag(values) @ right + h["weight_decay"] * w)


TENSORS: dict[str, Callable[[Array, Array, int, dict[str, float], dict[str, Array]], Array]] = {
    "adafactor": _adafactor,
    "lamb": _lamb,
    "muon": _muon,
    "sgd_clip_norm": _clip_norm,
}
