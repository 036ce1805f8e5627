"""Owns the answers of JAX, Flax and Optax to the atlas about slopes at kinks and beyond domains.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from parity.jax_impl.atlas.asking import Answer, slope


def _prelu(x: jax.Array) -> jax.Array:
    return nnx.PReLU(0.25)(x)


def _maximum(x: jax.Array) -> jax.Array:
    return jnp.maximum(x, jnp.ones_like(x))


ANSWERS: Mapping[str, Answer] = {
    "kink.relu": slope(jax.nn.relu),
    "kink.relu6": slope(jax.nn.relu6),
    "kink.leaky_relu": slope(lambda x: jax.nn.leaky_relu(x, 0.25)),
    "kink.elu": slope(lambda x: jax.nn.elu(x, 2.0)),
    "kink.abs": slope(jnp.abs),
    "kink.sqrt": slope(jnp.sqrt),
    "kink.norm": slope(jnp.linalg.norm),
    "kink.maximum": slope(_maximum),
    "kink.minimum": slope(lambda x: jnp.minimum(x, jnp.ones_like(x))),
    "kink.max": slope(jnp.max),
    "kink.clip": slope(lambda x: jnp.clip(x, -1, 1)),
    "kink.max_pool2d": slope(lambda x: nnx.max_pool(x[None, :, :, None], (1, 2), (1, 2))),
    "kink.hard_sigmoid": slope(jax.nn.hard_sigmoid),
    "kink.huber": slope(lambda x: optax.huber_loss(x, jnp.zeros_like(x))),
    "kink.sign": slope(jnp.sign),
    "kink.round": slope(jnp.round),
    "kink.floor": slope(jnp.floor),
    "kink.where_sqrt": slope(lambda x: jnp.where(x > 0, jnp.sqrt(x), jnp.zeros_like(x))),
    "kink.power_half": slope(lambda x: x**0.5),
    "kink.power_zero": slope(lambda x: x**0.0),
    "kink.log": slope(jnp.log),
    "kink.product": slope(jnp.prod),
    "kink.standard_deviation": slope(jnp.std),
    "kink.max_axis": slope(lambda x: jnp.max(x[None], axis=1)),
    "kink.min": slope(jnp.min),
    "kink.hard_tanh": slope(jax.nn.hard_tanh),
    "kink.hard_swish": slope(jax.nn.hard_swish),
    "kink.selu": slope(jax.nn.selu),
    "kink.hinge": slope(lambda x: optax.hinge_loss(x, jnp.ones_like(x))),
    "kink.absolute_error": slope(lambda x: jnp.abs(x - jnp.zeros_like(x))),
    "kink.logsumexp": slope(jax.nn.logsumexp),
    "kink.ceil": slope(jnp.ceil),
    "kink.cosine": slope(lambda x: optax.cosine_similarity(x, jnp.ones_like(x))),
    "kink.top": slope(lambda x: jax.lax.top_k(x, 1)[0]),
    "kink.arctangent": slope(lambda x: jnp.arctan2(x, jnp.zeros_like(x))),
    "kink.prelu": slope(_prelu),
    "kink.relu_nan": slope(jax.nn.relu),
    "kink.maximum_number": slope(lambda x: jnp.maximum(x, 1.0)),
    "kink.minimum_second": slope(lambda x: jnp.minimum(jnp.ones_like(x), x)),
    "kink.minimum_number": slope(lambda x: jnp.minimum(x, 1.0)),
    "kink.cumulative_product_behind": slope(jnp.cumprod),
    "kink.normalize": slope(lambda x: x / jnp.linalg.norm(x)),
    "kink.remainder": slope(lambda x: jnp.remainder(x, 3.0)),
    "kink.power_exponent": slope(lambda x: jnp.zeros_like(x) ** x),
    "kink.arccosine": slope(jnp.arccos),
    "kink.maximum_second": slope(lambda x: jnp.maximum(jnp.ones_like(x), x)),
    "kink.median": slope(jnp.median),
    "kink.sort": slope(lambda x: jnp.sort(x)[0]),
    "kink.cumulative_product": slope(jnp.cumprod),
    "kink.entropy": slope(lambda x: x * jnp.log(x)),
    "kink.root_of_square": slope(lambda x: jnp.sqrt(x**2)),
    "kink.where_divide": slope(lambda x: jnp.where(x != 0, 1 / x, jnp.zeros_like(x))),
    "kink.softplus": slope(jax.nn.softplus),
    "kink.sigmoid": slope(jax.nn.sigmoid),
    "kink.clip_beyond": slope(lambda x: jnp.clip(x, -1, 1)),
    "kink.variance": slope(jnp.var),
    "kink.absolute_power": slope(lambda x: jnp.abs(x) ** 1.5),
}
