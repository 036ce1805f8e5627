"""Owns the answers of JAX, Flax and Optax to the atlas about arithmetic: mixed types, overflow, indices.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from parity.jax_impl.atlas.asking import Answer, Inputs, call, dtype, keys, t


def _boolean(inputs: Inputs) -> jax.Array:
    return t(inputs["i"]) > 0


def _half(inputs: Inputs) -> jax.Array:
    return t(inputs["x"]).astype(jnp.float16)


def _far(_: Inputs) -> int:
    return int(jnp.argmax(jnp.zeros(2**24 + 2).at[-1].set(1))) - 2**24


def _bytes(inputs: Inputs) -> jax.Array:
    return t(inputs["i"]).astype(jnp.uint8) + t(inputs["i"]).astype(jnp.int8)


def _halves() -> jax.Array:
    return jnp.full((1,), 2048.0, jnp.float16) + jnp.ones(1, jnp.float16)


ANSWERS: Mapping[str, Answer] = {
    "number.subnormal": call(jnp.exp),
    "number.sign_nan": call(jnp.sign),
    "number.relu_infinite": call(lambda x: jax.nn.relu(x) - jax.nn.relu(x)),
    "number.clip_crossed": call(lambda x: jnp.clip(x, 1, -1)),
    "number.remainder_by_zero": call(jnp.remainder, "x", "y"),
    "number.boolean_plus": lambda inputs: _boolean(inputs) + _boolean(inputs),
    "number.boolean_minus": lambda inputs: _boolean(inputs) - _boolean(inputs),
    "number.mean_boolean": lambda inputs: _boolean(inputs).mean(),
    "number.integers_type": dtype(lambda _: jnp.asarray([1, 2])),
    "number.int64_array_type": dtype(lambda inputs: jnp.asarray(inputs["i"].astype(np.int64))),
    "number.full_type": dtype(lambda _: jnp.full((2,), 1)),
    "number.float_list_type": dtype(lambda _: jnp.asarray([1.0, 2.0])),
    "number.cumulative_sum_type": dtype(lambda inputs: jnp.cumsum(t(inputs["i"]))),
    "number.bytes_type": dtype(_bytes),
    "number.integer_plus_half_type": dtype(lambda inputs: t(inputs["i"]) + _half(inputs)),
    "number.single_plus_double_type": dtype(lambda inputs: t(inputs["x"]) + np.asarray(inputs["x"], np.float64)),
    "number.byte_plus_number_type": dtype(lambda inputs: t(inputs["i"]).astype(jnp.uint8) + 1),
    "number.integer_mean_type": dtype(lambda inputs: jnp.mean(t(inputs["i"]))),
    "number.half_layer_type": dtype(lambda inputs: nnx.Linear(1, 2, rngs=keys())(_half(inputs)[:, None])),
    "number.integer_sum_overflow": lambda inputs: jnp.sum(t(inputs["i"])),
    "number.integer_root": call(jnp.sqrt, "i"),
    "number.half_sum": lambda _: jnp.ones(4096, jnp.float16).sum().astype(jnp.float32),
    "number.half_loop": lambda _: _halves().astype(jnp.float32),
    "number.argmax_far": _far,
    "number.argmax_axes": call(lambda x: jnp.argmax(x.reshape(2, 2))),
    "number.nan_to_integer": lambda inputs: t(inputs["x"]).astype(jnp.int32),
    "number.reversed": call(lambda x: x[::-1]),
    "number.scalar_axes": lambda inputs: t(inputs["x"]).sum().ndim,
    "number.broadcast": lambda _: (jnp.zeros((2, 3)) + jnp.zeros(3)).shape,
    "number.softmax_integers": call(jax.nn.softmax, "i"),
    "number.argsort_type": dtype(lambda inputs: jnp.argsort(t(inputs["x"]))),
    "number.mask_index": call(lambda x: x[x > 5]),
    "number.integer_product": call(lambda i, j: i[None] @ j[:, None], "i", "j"),
    "number.remainder_integers": call(jnp.remainder, "i", "j"),
    "number.top_returns": call(lambda x: jax.lax.top_k(x, 1)[0]),
    "number.take_beyond": call(lambda i: jnp.take(jnp.arange(5.0) * 10, i), "index"),
    "number.take_behind": call(lambda i: jnp.take(jnp.arange(5.0) * 10, i), "index"),
}
