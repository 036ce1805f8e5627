"""Owns the table of schedules: a line per schedule spec with the native schedule; and the learning rates of steps with it.

It refuses to compute a rate: each is read from the step that optax.sgd took.
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
    """optax.polynomial_schedule raises 1 - t/steps to the power. XLA computes t/steps as the product with 1/steps, unrounded
    before the subtraction: from the last step on, 1 - t/steps is below 0, and its fractional power is NaN."""

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
    """The schedule, called with the step as a float of `dtype`: Optax counts in int32, and JAX divides int32 in float32 even
    where float64 is allowed."""
    return lambda count: schedule(jnp.asarray(count, dtype))


def rates(case: Case) -> Array:
    """The learning rate of each step: the weight after a step from 0 on a gradient of -1."""
    if case.optimizer not in TABLE:
        raise Unsupported(f"no native form of the schedule {case.optimizer}")
    weight = jnp.zeros((), device.DTYPES[case.dtype])
    rule = optax.sgd(counted(TABLE[case.optimizer](case.hyperparameters), weight.dtype))
    gradient = -jnp.ones_like(weight)

    @jax.jit  # type: ignore[untyped-decorator]
    def step(state: optax.OptState) -> tuple[jax.Array, optax.OptState]:
        updates, state = rule.update(gradient, state, weight)
        return optax.apply_updates(weight, updates), state

    steps, state = [], rule.init(weight)
    for _ in range(case.steps):
        rate, state = step(state)
        steps.append(rate)
    return device.array(jnp.stack(steps))
