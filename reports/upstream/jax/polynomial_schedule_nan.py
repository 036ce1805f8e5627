"""optax.polynomial_schedule under jax.jit is NaN from its last step on, for most lengths and any power that is not whole.

    pip install jax==0.10.2 jaxlib==0.10.2 optax==0.2.8 numpy==2.4.6; python polynomial_schedule_nan.py

The schedule is init·(1 - t/n)^power, and 0 at t = n. XLA on a CPU computes t/n as t·(1/n) and takes it from 1 in one fused
operation: where the rounded 1/n is above 1/n the difference is negative, about -1e-8, and its power is NaN. Without jit, or
with a bound (`jnp.maximum(…, 0)`) before the power, it is 0.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax

if __name__ == "__main__":
    wrong = []
    for n in range(2, 101):
        schedule = optax.polynomial_schedule(init_value=1.0, end_value=0.0, power=0.9, transition_steps=n)
        truth = np.float64(1 - n / n) ** 0.9
        compiled, eager = jax.jit(schedule)(jnp.int32(n)), schedule(jnp.int32(n))
        if not np.isfinite(compiled):
            wrong.append((n, float(compiled), float(eager), float(truth)))
    print(f"jax {jax.__version__}, optax {optax.__version__}: NaN at the last step for {len(wrong)} of 99 lengths")  # noqa: T201
    for n, compiled, eager, truth in wrong[:5]:
        print(f"  n = {n}: with jit {compiled}, without {eager}, float64 truth {truth}")  # noqa: T201
