"""nnx.SimpleCell computes in float32 whatever its parameters and inputs are: its `dtype` defaults to float32, not to None.

    pip install jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 numpy==2.4.6; python simple_cell_float32.py

Flax's other cells (LSTMCell, OptimizedLSTMCell, GRUCell) and layers have `dtype: Dtype | None = None`, which means the type of
inputs and parameters. A float64 cell inside of nnx.RNN even fails: the carry starts in float64 and comes back in float32.
"""

from __future__ import annotations

import flax
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    x, hidden = np.random.default_rng(0).normal(size=(2, 3, 5))
    cell = nnx.SimpleCell(5, 5, param_dtype=jnp.float64, rngs=nnx.Rngs(0))
    kernel, recurrent = np.asarray(cell.dense_i.kernel[...]), np.asarray(cell.dense_h.kernel[...])
    exact = np.tanh(x @ kernel + hidden @ recurrent)
    _, y = cell(jnp.asarray(hidden), jnp.asarray(x))
    print(f"flax {flax.__version__}: float64 in, {y.dtype} out, off by {np.abs(y - exact).max():.1e}")  # noqa: T201
    try:
        nnx.RNN(cell)(jnp.asarray(x)[:, None])
    except TypeError as error:
        print(f"  in nnx.RNN: TypeError: {str(error).splitlines()[0][:90]}")  # noqa: T201
    told = nnx.SimpleCell(5, 5, dtype=jnp.float64, param_dtype=jnp.float64, rngs=nnx.Rngs(0))
    _, y = told(jnp.asarray(hidden), jnp.asarray(x))
    print(f"  with dtype=float64: {y.dtype}, off by {np.abs(y - exact).max():.1e}")  # noqa: T201
