"""Owns the native schedule of each schedule spec, one line each, and the learning rates of the steps taken with it.

It refuses to compute a rate: each is read off the step that optax.sgd took.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import optax

from parity.execution.protocol import Array, Unsupported
from parity.jax_impl import device
from parity.spec.cases import Case

Hyperparameters = Mapping[str, float]


def _multi_step(h: Hyperparameters) -> optax.Schedule:
    return optax.piecewise_constant_schedule(h["learning_rate"], {int(h["first"]): h["decay"], int(h["second"]): h["decay"]})


TABLE: Mapping[str, Callable[[Hyperparameters], optax.Schedule]] = {
    "step": lambda h: optax.exponential_decay(h["learning_rate"], int(h["size"]), h["decay"], staircase=True),
    "multi_step": _multi_step,
    "exponential": lambda h: optax.exponential_decay(h["learning_rate"], 1, h["decay"]),
    "polynomial": lambda h: optax.polynomial_schedule(h["learning_rate"], 0.0, h["power"], int(h["steps"])),
    "cosine": lambda h: optax.cosine_decay_schedule(h["learning_rate"], int(h["steps"]), h["least"]),
    "linear_warm_up": lambda h: optax.linear_schedule(h["learning_rate"] / h["steps"], h["learning_rate"], int(h["steps"]) - 1),
}


def rates(case: Case) -> Array:
    """A weight of 0 and a gradient of -1 before each step: afterwards the weight is the rate."""
    if case.optimizer not in TABLE:
        raise Unsupported(f"no native form of the schedule {case.optimizer}")
    rule = optax.sgd(TABLE[case.optimizer](case.hyperparameters))
    weight = jnp.zeros((), device.DTYPES[case.dtype])
    gradient = -jnp.ones_like(weight)

    @jax.jit
    def step(state: optax.OptState) -> tuple[jax.Array, optax.OptState]:
        updates, state = rule.update(gradient, state, weight)
        return optax.apply_updates(weight, updates), state

    seen, state = [], rule.init(weight)
    for _ in range(case.steps):
        rate, state = step(state)
        seen.append(rate)
    return device.array(jnp.stack(seen))
