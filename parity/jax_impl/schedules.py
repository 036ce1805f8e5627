"""Owns the native schedule of each schedule spec, one line each, and the learning rates of the steps taken with it.

It refuses to compute a rate: each is read off the step that optax.sgd took.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from parity.execution.protocol import Array, Unsupported
from parity.jax_impl import device
from parity.spec.cases import Case

Hyperparameters = Mapping[str, float]


def _multi_step(h: Hyperparameters) -> optax.Schedule:
    return optax.piecewise_constant_schedule(h["learning_rate"], {int(h["first"]): h["decay"], int(h["second"]): h["decay"]})


def _polynomial(h: Hyperparameters) -> optax.Schedule:
    """optax.polynomial_schedule raises 1 - t/steps to the power, and XLA's t/steps is the product with 1/steps, not rounded
    before it is taken from 1: from the last step on a number below 0, of which a broken power is NaN."""

    def schedule(count: Any) -> Any:
        return h["learning_rate"] * jnp.maximum(1 - jnp.minimum(count, h["steps"]) / h["steps"], 0) ** h["power"]

    return schedule


TABLE: Mapping[str, Callable[[Hyperparameters], optax.Schedule]] = {
    "step": lambda h: optax.exponential_decay(h["learning_rate"], int(h["size"]), h["decay"], staircase=True),
    "multi_step": _multi_step,
    "exponential": lambda h: optax.exponential_decay(h["learning_rate"], 1, h["decay"]),
    "polynomial": _polynomial,
    "cosine": lambda h: optax.cosine_decay_schedule(h["learning_rate"], int(h["steps"]), h["least"]),
    "linear_warm_up": lambda h: optax.linear_schedule(h["learning_rate"] / h["steps"], h["learning_rate"], int(h["steps"]) - 1),
}


def counted(schedule: optax.Schedule, dtype: Any) -> optax.Schedule:
    """Optax counts steps in int32, and what JAX makes of int32 divided by a number is float32, float64 allowed or not."""
    return lambda count: schedule(jnp.asarray(count, dtype))


def rates(case: Case) -> Array:
    """A weight of 0 and a gradient of -1 before each step: afterwards the weight is the rate."""
    if case.optimizer not in TABLE:
        raise Unsupported(f"no native form of the schedule {case.optimizer}")
    weight = jnp.zeros((), device.DTYPES[case.dtype])
    rule = optax.sgd(counted(TABLE[case.optimizer](case.hyperparameters), weight.dtype))
    gradient = -jnp.ones_like(weight)

    @jax.jit  # type: ignore[untyped-decorator]
    def step(state: optax.OptState) -> tuple[jax.Array, optax.OptState]:
        updates, state = rule.update(gradient, state, weight)
        return optax.apply_updates(weight, updates), state

    seen, state = [], rule.init(weight)
    for _ in range(case.steps):
        rate, state = step(state)
        seen.append(rate)
    return device.array(jnp.stack(seen))
