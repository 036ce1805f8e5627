"""Owns the answers of JAX, Flax and Optax to the atlas about numerics: NaN, ties, rounding, types.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from parity.jax_impl.atlas.asking import Answer, Inputs, call, dtype, keys, t


def _waits(_: Inputs) -> float:
    """Whether the call alone takes more than half of the time until the result can be read."""
    x = jnp.ones((1200, 1200))
    (x @ x).block_until_ready()  # compiles it
    start = perf_counter()
    y = x @ x
    returned = perf_counter()
    float(y[0, 0])
    return float(returned - start > (perf_counter() - start) / 2)


def _raised(inputs: Inputs) -> float:
    try:
        found = jnp.arange(5.0)[t(inputs["index"])]
    except IndexError:
        return 1.0
    return float(found[0]) * 0


def _double(inputs: Inputs) -> jax.Array:
    return nnx.Linear(1, 2, rngs=keys())(np.asarray(inputs["x"], np.float64)[:, None])


def _half(inputs: Inputs) -> jax.Array:
    return t(inputs["x"]).astype(jnp.float16)


def _bytes(inputs: Inputs) -> jax.Array:
    return t(inputs["i"]).astype(jnp.uint8) + t(inputs["j"]).astype(jnp.uint8)


ANSWERS: Mapping[str, Answer] = {
    "number.round_half": call(jnp.round),
    "number.remainder": call(jnp.remainder, "x", "y"),
    "number.floor_divide": call(jnp.floor_divide, "x", "y"),
    "number.integer_division": call(jnp.divide, "i", "j"),
    "number.integer_division_type": dtype(lambda inputs: t(inputs["i"]) / t(inputs["j"])),
    "number.argmax_tie": call(jnp.argmax),
    "number.argmax_nan": call(jnp.argmax),
    "number.maximum_nan": call(jnp.maximum, "x", "y"),
    "number.max_nan": call(jnp.max),
    "number.sign_zero": call(jnp.sign),
    "number.variance": call(jnp.var),
    "number.median": call(jnp.median),
    "number.zero_by_zero": call(jnp.divide, "x", "x"),
    "number.power_zero_zero": call(jnp.power, "x", "x"),
    "number.cube_root": call(lambda x: x ** (1 / 3)),
    "number.mean_empty": call(jnp.mean),
    "number.max_empty": call(jnp.max),
    "number.sum_type": dtype(lambda inputs: jnp.sum(t(inputs["i"]))),
    "number.mean_integers": call(jnp.mean, "i"),
    "number.range_type": dtype(lambda _: jnp.arange(3)),
    "number.zeros_type": dtype(lambda _: jnp.zeros(3)),
    "number.float64_array_type": dtype(lambda inputs: jnp.asarray(inputs["x"].astype(np.float64))),
    "number.float64_layer_type": dtype(_double),
    "number.comparison_type": dtype(lambda inputs: t(inputs["x"]) > 0),
    "number.argmax_type": dtype(lambda inputs: jnp.argmax(t(inputs["x"]))),
    "number.integer_plus_float_type": dtype(lambda inputs: t(inputs["i"]) + 0.5),
    "number.empty_batch": lambda _: nnx.Linear(3, 2, rngs=keys())(jnp.zeros((0, 3))).shape,
    "number.integer_by_zero": call(jnp.floor_divide, "i", "j"),
    "number.integer_power": call(lambda i: i ** jnp.asarray(-1), "i"),
    "number.one_hot_type": dtype(lambda inputs: jax.nn.one_hot(t(inputs["i"]), 3)),
    "number.half_plus_single_type": dtype(lambda inputs: _half(inputs) + t(inputs["x"])),
    "number.int32_plus_int64_type": dtype(lambda inputs: t(inputs["i"]) + jnp.asarray(inputs["i"].astype(np.int64))),
    "number.int32_plus_single_type": dtype(lambda inputs: t(inputs["i"]) + t(inputs["x"])),
    "number.boolean_sum_type": dtype(lambda inputs: jnp.sum(t(inputs["x"]) > 0)),
    "number.scalar_type": dtype(lambda _: jnp.asarray(1.5)),
    "number.byte_overflow": _bytes,
    "number.half_overflow": lambda inputs: _half(inputs).sum().astype(jnp.float32),
    "number.half_mean": lambda inputs: _half(inputs).mean().astype(jnp.float32),
    "number.float_to_integer": lambda inputs: t(inputs["x"]).astype(jnp.int32),
    "number.variance_of_one": call(jnp.var),
    "number.min_nan": call(jnp.min),
    "number.sort_nan": call(jnp.sort),
    "number.clip_nan": call(lambda x: jnp.clip(x, 0, 1)),
    "number.top_tie": call(lambda x: jax.lax.top_k(x, 2)[1]),
    "number.log_negative": call(jnp.log),
    "number.argmax_empty": call(jnp.argmax),
    "number.sum_empty": call(jnp.sum),
    "number.product_empty": call(jnp.prod),
    "number.softmax_nan": call(jax.nn.softmax),
    "number.exponential_overflow": call(jnp.exp),
    "number.sigmoid_huge": call(lambda x: 1 - jax.nn.sigmoid(x)),
    "call.waits": _waits,
    "call.error": _raised,
}
