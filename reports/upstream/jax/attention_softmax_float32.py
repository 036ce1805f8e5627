"""jax.nn.dot_product_attention computes its softmax in float32 even where its inputs are float64, and says nothing of it.

    pip install jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 numpy==2.4.6; python attention_softmax_float32.py

Flax's nnx.MultiHeadAttention without dropout calls it, so that a float64 model has float32's accuracy there: its gradients
are off by 1e-7. `padded_logits.astype(np.float32)` in jax/_src/nn/functions.py; promote_types of the input's type and float32
would keep the wider one, as is done for the logits above it.
"""

from __future__ import annotations

import jax
import numpy as np
from flax import nnx

jax.config.update("jax_enable_x64", True)


def truth(query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
    """softmax(Q·Kᵀ/√d)·V in NumPy's float64."""
    scores = np.einsum("btnh,bsnh->bnts", query, key) / np.sqrt(query.shape[-1])
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return np.einsum("bnts,bsnh->btnh", weights / weights.sum(-1, keepdims=True), value)


if __name__ == "__main__":
    query, key, value = np.random.default_rng(0).normal(size=(3, 2, 5, 3, 7))
    native = jax.nn.dot_product_attention(query, key, value)
    weights = nnx.nn.attention.dot_product_attention_weights(query, key)
    written = np.einsum("bnts,bsnh->btnh", weights, value)
    exact = truth(query, key, value)
    print(f"jax {jax.__version__}: dot_product_attention gives {native.dtype}")  # noqa: T201
    print(f"  off by {np.abs(native - exact).max():.1e}")  # noqa: T201
    print(f"  Flax's weights times the values: off by {np.abs(written - exact).max():.1e}")  # noqa: T201
