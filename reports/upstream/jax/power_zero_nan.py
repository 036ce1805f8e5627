"""The gradient of x**0.0 at 0 is NaN in JAX, though x**0.0 is 1 for every x; that of x**0 (an integer exponent) is 0.

    pip install jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6; python power_zero_nan.py

The derivative y·x**(y - 1) is computed as 0·0**(-1) = 0·inf. TensorFlow, PyTorch and MXNet give 0. The definition leaves no
choice: x**0 = 1 everywhere, whose slope is 0.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

if __name__ == "__main__":
    for exponent in (0.0, 0):
        value, slope = jax.value_and_grad(lambda x, exponent=exponent: x**exponent)(jnp.zeros(()))
        print(f"jax {jax.__version__}: x**{exponent!r} at 0 is {value}, its slope {slope}; the truth is 1 and 0")  # noqa: T201
