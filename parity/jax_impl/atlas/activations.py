"""Owns the answers of JAX, Flax and Optax to the atlas about activations.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
from flax import nnx

from parity.jax_impl.atlas.asking import Answer, call

ANSWERS: Mapping[str, Answer] = {
    "hard_sigmoid.form": call(jax.nn.hard_sigmoid),
    "gelu.form": call(jax.nn.gelu),
    "hard_swish.form": call(jax.nn.hard_swish),
    "softmax.implicit_axis": call(lambda x: jax.nn.softmax(x)[0, 0, 0]),
    "softmax.all_masked": call(jax.nn.softmax),
    "log_softmax.huge": call(jax.nn.log_softmax),
    "relu.nan": call(jax.nn.relu),
    "relu.minus_zero": call(lambda x: 1 / jax.nn.relu(x)),
    "softplus.huge": call(jax.nn.softplus),
    "prelu.count": lambda _: nnx.PReLU().negative_slope[...].size,
    "elu.function_alpha": call(lambda x: -jax.nn.elu(x)),
    "log_sigmoid.huge": call(jax.nn.log_sigmoid),
}
