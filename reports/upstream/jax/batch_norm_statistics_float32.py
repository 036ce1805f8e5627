"""nnx.BatchNorm keeps its running statistics in float32 where its parameters are float64: `param_dtype` does not reach them.

    pip install jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 numpy==2.4.6; python batch_norm_statistics_float32.py

`nnx.BatchStat(jnp.zeros(feature_shape, jnp.float32))` in flax/nnx/nn/normalization.py; each step the float64 mean is rounded
into it. JAX warns of the scatter (FutureWarning: … will result in an error), so that this will fail one day.
"""

from __future__ import annotations

import warnings

import flax
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

jax.config.update("jax_enable_x64", True)

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    x = np.random.default_rng(0).normal(size=(64, 3))
    layer = nnx.BatchNorm(3, momentum=0.9, param_dtype=jnp.float64, rngs=nnx.Rngs(0))
    layer(jnp.asarray(x))
    exact = 0.1 * x.mean(0)
    print(f"flax {flax.__version__}: scale {layer.scale.dtype}, running mean {layer.mean.dtype}")  # noqa: T201
    print(f"  running mean off by {np.abs(layer.mean[...] - exact).max():.1e}")  # noqa: T201
