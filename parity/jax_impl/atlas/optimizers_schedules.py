"""Owns the answers of JAX, Flax and Optax to the atlas about schedules, and the states that optimizers start with.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
import optax

from parity.jax_impl.atlas.asking import Answer, Inputs, optimized, rates, stepped


def _patience(_: Inputs) -> int:
    rule, w, epochs = optax.contrib.reduce_on_plateau(factor=0.1, patience=2), jnp.ones(()), 0
    state = rule.init(w)
    while float(state.scale) == 1.0:
        _, state = rule.update(w, state, w, value=jnp.asarray(5.0))
        epochs += 1
    return epochs


def _improved(_: Inputs) -> float:
    rule, w = optax.contrib.reduce_on_plateau(), jnp.ones(())
    state = rule.init(w)
    for loss in (100.0, 99.995):
        _, state = rule.update(w, state, w, value=jnp.asarray(loss))
    return float(state.best_value < 100.0)


def _moved(rule: optax.GradientTransformation, gradient: float) -> float:
    """How far the first step moves a weight."""
    return -float(stepped(rule, np.array([gradient]), 0.0)[0])


def _adadelta(_: Inputs) -> list[float]:
    """Both initial mean squares. With ρ = 3/4, ε = 1 and the gradients 1 and 2, (gradient/move)² is
    (ρ·start + gradient²/4 + 1)/(start of the updates' mean square + 1)."""
    first, second = ((g / _moved(optax.adadelta(1.0, rho=0.75, eps=1.0), g)) ** 2 for g in (1.0, 2.0))
    divisor = 0.75 / (second - first)
    return [round((first * divisor - 1.25) / 0.75, 4) + 0.0, round(divisor - 1, 4) + 0.0]


ANSWERS: Mapping[str, Answer] = {
    "exponential_decay.between": lambda _: rates(optax.exponential_decay(1.0, 2, 0.5), 4),
    "multi_step_decay.boundary": lambda _: rates(optax.piecewise_constant_schedule(1.0, {2: 0.5}), 4),
    "cosine_decay.beyond": lambda _: rates(optax.cosine_decay_schedule(1.0, 4), 7)[6],
    "cosine_decay.end_means": lambda _: rates(optax.cosine_decay_schedule(0.5, 4, alpha=0.25), 5)[4],
    "warmup.first": lambda _: rates(optax.warmup_constant_schedule(0.0, 1.0, 4), 4),
    "plateau.patience_means": _patience,
    "plateau.threshold": _improved,
    "adam.amsgrad_maximum": optimized(lambda rate: optax.amsgrad(rate, b1=0.5, b2=0.75, eps=2.0**-40)),
    "rmsprop.mean_square_start": lambda _: (
        round((_moved(optax.rmsprop(1.0, decay=0.75, eps=2.0**-40), 1.0) ** -2 - 0.25) / 0.75, 4) + 0.0
    ),
    "adadelta.mean_square_start": _adadelta,
    "cosine_decay.rates": lambda _: rates(optax.cosine_decay_schedule(1.0, 4), 4),
    "polynomial_decay.rates": lambda _: rates(optax.polynomial_schedule(1.0, 0.0, 1, 4), 4),
}
