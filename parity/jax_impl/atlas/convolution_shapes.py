"""Owns the answers of JAX, Flax and Optax to the atlas about the shapes of layers and arrays.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from flax import nnx

from parity.jax_impl.atlas.asking import Answer, call, keys, t


def shape(function: Callable[[jax.Array], jax.Array]) -> Answer:
    return lambda inputs: function(t(inputs["x"])).shape


ANSWERS: Mapping[str, Answer] = {
    "dense.flattens": shape(nnx.Linear(4, 5, rngs=keys())),
    "max_pool2d.function_stride": lambda inputs: nnx.max_pool(t(inputs["x"])[None, :, :, None], (1, 2)).shape[2],
    "max_pool2d.padding_value": call(lambda x: nnx.max_pool(x[None, :, :, None], (1, 2), padding=((0, 0), (1, 1)))[0, 0, 0, 0]),
    "average_pool2d.ceil_divisor": call(lambda x: nnx.avg_pool(x[None, :, :, None], (1, 2), (1, 2), "SAME")[0, 0, -1, 0]),
    "conv_transpose2d.kernel_layout": lambda _: nnx.ConvTranspose(5, 7, (2, 3), rngs=keys()).kernel[...].shape,
    "depthwise_conv2d.kernel_layout": lambda _: nnx.Conv(5, 10, (2, 3), feature_group_count=5, rngs=keys()).kernel[...].shape,
    "resize.bicubic": call(lambda x: jax.image.resize(x, (16,), "bicubic")[5:12]),
    "resize.antialias": call(lambda x: jax.image.resize(x, (2,), "bilinear")),
    "concat.axis": shape(lambda x: jnp.concatenate([x, x])),
    "reshape.zero": shape(lambda x: jnp.reshape(x, (0, -1))),
    "conv2d.empty": lambda _: nnx.Conv(3, 5, (1, 1), rngs=keys())(jnp.zeros((0, 4, 4, 3))).shape,
    "flatten.walks": call(lambda x: jnp.moveaxis(x, 0, -1).reshape(-1)),
}
