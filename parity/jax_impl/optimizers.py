"""Owns the table of optimizers: a line per optimizer spec with the native optimizer, or our own rule where Optax's departs.

It refuses schedules. The learning rate of a group of parameters is a factor times the spec's rate.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from parity.execution.protocol import Array, Drive, Unsupported
from parity.jax_impl import device, rules

Hyperparameters = Mapping[str, float]
Transformation = Any  # an optax.GradientTransformation


def _adam(h: Hyperparameters) -> dict[str, float]:
    return {"learning_rate": h["learning_rate"], "b1": h["beta_1"], "b2": h["beta_2"], "eps": h["epsilon"]}


def _rmsprop(h: Hyperparameters, **more: float | bool) -> Transformation:
    return optax.rmsprop(h["learning_rate"], h["rho"], h["epsilon"], **more)


def _dampened(h: Hyperparameters) -> Transformation:
    return optax.chain(optax.scale(1 - h["dampening"]), optax.sgd(h["learning_rate"], h["momentum"]))


def _unbiased(h: Hyperparameters) -> Transformation:
    return optax.chain(optax.ema(h["momentum"], debias=True), optax.sgd(h["learning_rate"]))


def _in_root(h: Hyperparameters) -> Transformation:
    return optax.adam(h["learning_rate"], h["beta_1"], h["beta_2"], eps=0.0, eps_root=h["epsilon"])


def _lamb(h: Hyperparameters) -> Transformation:
    return optax.lamb(**_adam(h), weight_decay=h["weight_decay"])


def _lion(h: Hyperparameters) -> Transformation:
    return optax.lion(h["learning_rate"], h["beta_1"], h["beta_2"], weight_decay=h["weight_decay"])


def _l2(h: Hyperparameters) -> Transformation:
    return optax.chain(optax.add_decayed_weights(h["penalty"]), optax.sgd(h["learning_rate"]))


def _sgd(h: Hyperparameters) -> Transformation:
    return optax.sgd(h["learning_rate"])


TABLE: Mapping[str, Callable[[Hyperparameters], Transformation]] = {
    "sgd": _sgd,
    "momentum": lambda h: optax.sgd(h["learning_rate"], h["momentum"]),
    "nesterov": lambda h: optax.sgd(h["learning_rate"], h["momentum"], nesterov=True),
    "dampened_momentum": _dampened,
    "unbiased_momentum": _unbiased,
    "adagrad": lambda h: rules.written(rules.adagrad, h, s=0.0),
    "adagrad_epsilon_inside": lambda h: optax.adagrad(h["learning_rate"], 0.0, h["epsilon"]),
    "rmsprop": lambda h: _rmsprop(h, eps_in_sqrt=False),
    "rmsprop_momentum": lambda h: _rmsprop(h, eps_in_sqrt=False, momentum=h["momentum"]),
    "rmsprop_epsilon_inside": _rmsprop,
    "rmsprop_centered": lambda h: _rmsprop(h, centered=True),
    "adadelta": lambda h: optax.adadelta(h["learning_rate"], h["rho"], h["epsilon"]),
    "adadelta_epsilon_outside": lambda h: rules.written(rules.adadelta_epsilon_outside, h, s=0.0, d=0.0),
    "adafactor": lambda h: rules.written(rules.adafactor, h, r=0.0, c=0.0),
    "adam": lambda h: optax.adam(**_adam(h)),
    "adam_epsilon_inside": lambda h: rules.written(rules.adam_epsilon_inside, h, m=0.0, v=0.0),
    "adam_epsilon_in_root": _in_root,
    "adam_then_sgd": lambda h: rules.written(rules.adam_then_sgd, h, m=0.0, v=0.0),
    "adamw": lambda h: optax.adamw(**_adam(h), weight_decay=h["weight_decay"]),
    "adamax": lambda h: optax.adamax(h["learning_rate"], h["beta_1"], h["beta_2"], eps=0.0),
    "amsgrad": lambda h: rules.written(rules.amsgrad, h, m=0.0, v=0.0, u=0.0),
    "nadam": lambda h: rules.written(rules.nadam, h, m=0.0, v=0.0, p=1.0),
    "ftrl": lambda h: rules.written(rules.ftrl, h, z=0.0, n=0.0),
    "lion": _lion,
    "muon": lambda h: rules.written(rules.muon, h, v=0.0),
    "lamb": _lamb,
    "sgd_l2": _l2,
    "sgd_clip_value": _sgd,
    "sgd_clip_norm": _sgd,
    "sgd_clip_global_norm": _sgd,
}

BEFORE: Mapping[str, Callable[[Hyperparameters], Transformation]] = {
    "sgd_clip_value": lambda h: optax.clip(h["threshold"]),
    "sgd_clip_norm": lambda h: rules.clip_norm(h["threshold"]),
    "sgd_clip_global_norm": lambda h: optax.clip_by_global_norm(h["threshold"]),
}
"""Rule -> transformation of all gradients that comes before any update."""


def build(name: str, hyperparameters: Hyperparameters, factors: Mapping[str, float]) -> Transformation:
    """The rule, with one part per learning-rate factor. factors: name of a trained array -> its factor."""
    if name not in TABLE:
        raise Unsupported(f"no native form of the optimizer {name}")
    made = {}
    for factor in dict.fromkeys(factors.values()):
        own = {**hyperparameters, "learning_rate": hyperparameters["learning_rate"] * factor}
        made[str(factor)] = TABLE[name](own)
    labels = {path: str(factor) for path, factor in factors.items()}
    whole = optax.partition(made, labels) if len(made) > 1 else next(iter(made.values()))
    return optax.chain(BEFORE[name](hyperparameters), whole) if name in BEFORE else whole


def drive(request: Drive) -> list[dict[str, Array]]:
    """Drives an optimizer of Optax step by step. Its learning rate is a schedule, unless it stays."""
    device.choose_precision(str(next(iter(request.initial.values())).dtype))
    weights = {name: jnp.asarray(array) for name, array in request.initial.items()}
    keywords, rates = dict(request.keywords), jnp.asarray(request.rates)
    rate = next((name for name in ("learning_rate", "step_size") if name in inspect.signature(request.make).parameters), None)
    if rate is not None:
        keywords[rate] = (lambda count: rates[count]) if len(set(request.rates)) > 1 else request.rates[0]
    rule = request.make(**keywords)
    if not isinstance(rule, optax.GradientTransformation):
        raise Unsupported(f"it is no optimizer: a {type(rule).__name__} is no optax.GradientTransformation")
    own = str(getattr(request.make, "__module__", "")).startswith("optax")
    update = jax.jit(rule.update) if own else rule.update  # a user's rule may read numbers as it goes
    state, seen = rule.init(weights), []
    for gradients in request.gradients:
        updates, state = update({name: jnp.asarray(gradients[name]) for name in weights}, state, weights)
        weights = optax.apply_updates(weights, updates)
        seen.append({name: device.array(weight) for name, weight in weights.items()})
    return seen
