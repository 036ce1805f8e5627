"""nnx.avg_pool with count_include_pad=False gives float32 for bfloat16 images, and float64 for float32 ones if it may.

    pip install jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 numpy==2.4.6; python avg_pool_widens.py

The counts are pooled from `jnp.ones(div_shape)`, of JAX's default type, and the quotient takes the wider one
(flax/linen/pooling.py, avg_pool); with count_include_pad=True the type stays.
"""

from __future__ import annotations

import flax
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx


def told(dtype: jnp.dtype) -> str:
    """The type and the error of both forms on one image of sixteen numbers."""
    image = np.arange(16.0).reshape(1, 4, 4, 1)
    exact = image.reshape(1, 2, 2, 2, 2, 1).mean((2, 4))
    found = []
    for counted in (False, True):
        y = nnx.avg_pool(jnp.asarray(image, dtype), (2, 2), (2, 2), count_include_pad=counted)
        found.append(f"{y.dtype} (off by {np.abs(np.asarray(y, np.float64) - exact).max():.1e})")
    return f"{jnp.dtype(dtype).name} in: {found[0]} without padding counted, {found[1]} with it"


if __name__ == "__main__":
    print(f"flax {flax.__version__}")  # noqa: T201
    print(f"  {told(jnp.bfloat16)}")  # noqa: T201
    jax.config.update("jax_enable_x64", True)
    print(f"  with jax_enable_x64, {told(jnp.float32)}")  # noqa: T201
