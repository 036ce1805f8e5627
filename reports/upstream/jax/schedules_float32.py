"""Optax's schedules are of float32 accuracy where float64 is allowed: they divide the count of steps, an int32 array.

    pip install jax==0.10.2 jaxlib==0.10.2 optax==0.2.8 numpy==2.4.6; python schedules_float32.py

JAX's int32 divided by a Python number is float32, with jax_enable_x64 too. exponential_decay, linear_schedule and
polynomial_schedule are off by 1e-8 of the rate; handed the count as float64 they are right. adafactor casts
its count to float32.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)

SCHEDULES = {
    "exponential_decay(0.1, 7, 0.95)": (optax.exponential_decay(0.1, 7, 0.95), lambda t: 0.1 * 0.95 ** (t / 7)),
    "linear_schedule(0.1, 0.5, 22)": (optax.linear_schedule(0.1, 0.5, 22), lambda t: 0.1 + 0.4 * t / 22),
    "polynomial_schedule(0.5, 0.0, 2.0, 47)": (
        optax.polynomial_schedule(0.5, 0.0, 2.0, 47),
        lambda t: 0.5 * (1 - t / 47) ** 2,
    ),
}

if __name__ == "__main__":
    print(f"jax {jax.__version__}, optax {optax.__version__}")  # noqa: T201
    for name, (schedule, formula) in SCHEDULES.items():
        exact = formula(np.float64(5))
        native, cast = schedule(jnp.int32(5)), schedule(jnp.float64(5))
        print(f"  {name}: {native.dtype}, off by {abs(float(native) - exact):.1e}; ", end="")  # noqa: T201
        print(f"with a float64 count off by {abs(float(cast) - exact):.1e}")  # noqa: T201
