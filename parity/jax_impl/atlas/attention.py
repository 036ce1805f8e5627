"""Owns the answers of JAX, Flax and Optax to the atlas about attention.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from parity.execution.protocol import Array
from parity.jax_impl.atlas.asking import Answer, Inputs, keys, t


def _function(inputs: Inputs, **arguments: Any) -> Array:
    """One query of zeros, one feature. Axes: batch, time, heads, features."""
    values = t(inputs["values"])[None, :, None, None]
    found = jax.nn.dot_product_attention(jnp.zeros((1, 1, 1, 1)), jnp.zeros_like(values), values, **arguments)
    return np.asarray(found).ravel()


def _layer(size: int = 1, heads: int = 1) -> nnx.MultiHeadAttention:
    """With weights of 1, without biases."""
    layer = nnx.MultiHeadAttention(heads, size, use_bias=False, decode=False, rngs=keys())
    for part in (layer.query, layer.key, layer.value, layer.out):
        part.kernel.set_value(jnp.ones_like(part.kernel[...]))
    return layer


def _masked(inputs: Inputs, mask: Any) -> Array:
    values = t(inputs["values"])[None, :, None]
    return np.asarray(_layer()(jnp.zeros((1, 1, 1)), values, values, mask=mask)).ravel()


def _second(inputs: Inputs) -> Array:
    second, third = (t(inputs[name])[None, :, None] for name in ("second", "third"))
    return np.asarray(_layer()(jnp.zeros((1, 1, 1)), second, third))


def _attends(inputs: Inputs) -> list[float]:
    layer, x = nnx.MultiHeadAttention(1, 2, decode=False, rngs=keys()), t(inputs["x"])
    changed = (layer(x) != layer(x.at[0, 0].add(1))).any(-1)
    return [float(changed[1, 0]), float(changed[0, 1])]


def _returned(inputs: Inputs) -> int:
    found = _layer(8, 2)(t(inputs["x"]))
    return len(found) if isinstance(found, tuple) else 1


def _weights(inputs: Inputs) -> tuple[int, ...]:
    layer = _layer(8, 2)
    layer(t(inputs["x"]), sow_weights=True)
    return tuple(jax.tree.leaves(nnx.pop(layer, nnx.Intermediate))[0].shape)


def _dropped(inputs: Inputs) -> float:
    x = t(inputs["x"])[:, :, None]
    found = nnx.dot_product_attention(x, x, x, dropout_rate=0.75, dropout_rng=jax.random.key(0))
    return float(abs(found - x).max() > 0.01)


def _plain(inputs: Inputs) -> Array:
    return np.asarray(jax.nn.dot_product_attention(*(t(inputs[name])[None, :, None] for name in ("q", "k", "v")))).ravel()


ANSWERS: Mapping[str, Answer] = {
    "attention.mask_true": lambda inputs: _function(inputs, mask=jnp.asarray(inputs["mask"])[None, None]),
    "attention.fully_masked": lambda inputs: _function(inputs, mask=jnp.asarray(inputs["mask"])[None, None]),
    "multi_head_attention.mask_true": lambda inputs: _masked(inputs, jnp.asarray(inputs["mask"])[None, None]),
    "attention.scale": _plain,
    "multi_head_attention.size_means": lambda _: _layer(8, 2).query.kernel[...][0].size,
    "multi_head_attention.time_axis": _attends,
    "multi_head_attention.fully_masked": lambda inputs: _masked(inputs, jnp.zeros((1, 1, 1, 2), bool)),
    "multi_head_attention.second_argument": _second,
    "multi_head_attention.returns": _returned,
    "multi_head_attention.weights": _weights,
    "attention.causal": lambda inputs: _function(inputs, is_causal=True),
    "attention.dropout_mode": _dropped,
    "attention.number_mask": lambda inputs: _function(inputs, mask=t(inputs["mask"])[None, None, None]),
}
