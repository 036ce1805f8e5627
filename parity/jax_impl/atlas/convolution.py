"""Owns the answers of JAX, Flax and Optax to the atlas about convolution, pooling, resizing, embedding, dropout.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen, nnx

from parity.execution.protocol import Array
from parity.jax_impl.atlas.asking import Answer, Inputs, call, filled, keys, t


def convolved(inputs: Inputs, **arguments: Any) -> Array:
    kernel = t(inputs["kernel"])[:, :, None, None]
    layer = filled(nnx.Conv(1, 1, kernel.shape[:2], use_bias=False, rngs=keys(), **arguments), kernel=kernel)
    return np.asarray(layer(t(inputs["x"])[None, :, :, None])[0, :, :, 0])


def _channels(inputs: Inputs) -> int:
    layer = linen.Conv(2, (1, 1))
    return int(layer.init(jax.random.key(0), t(inputs["x"]))["params"]["kernel"].shape[-2])


def table() -> nnx.Embed:
    layer: nnx.Embed = filled(nnx.Embed(5, 1, rngs=keys()), embedding=jnp.arange(5.0)[:, None] * 10)
    return layer


ANSWERS: Mapping[str, Answer] = {
    "conv2d.kernel_layout": lambda _: nnx.Conv(5, 7, (2, 3), rngs=keys()).kernel[...].shape,
    "conv2d.input_layout": _channels,
    "conv2d.flips": lambda inputs: convolved(inputs, padding="VALID"),
    "conv2d.same_stride_2": lambda inputs: convolved(inputs, strides=(1, 2), padding="SAME"),
    "dense.kernel_layout": lambda _: nnx.Linear(5, 7, rngs=keys()).kernel[...].shape,
    "average_pool2d.corner": call(lambda x: nnx.avg_pool(x[None, :, :, None], (3, 3), padding="SAME")[0, 0, 0, 0]),
    "max_pool2d.odd_end": lambda inputs: nnx.max_pool(t(inputs["x"])[None, :, :, None], (1, 2), (1, 2)).shape[2],
    "upsample.bilinear": call(lambda x: jax.image.resize(x, (2, 4), "bilinear")[0]),
    "resize.nearest": call(lambda x: jax.image.resize(x, (1, 3), "nearest")[0]),
    "conv_transpose2d.size": lambda _: nnx.ConvTranspose(1, 1, (3, 3), strides=2, rngs=keys())(jnp.zeros((1, 4, 4, 1))).shape[
        2
    ],
    "dropout.survivors": call(lambda x: nnx.Dropout(0.75, rngs=keys())(x).max()),
    "embedding.beyond": call(table(), "index"),
    "embedding.negative": call(table(), "index"),
    "one_hot.beyond": call(lambda index: jax.nn.one_hot(index, 3), "index"),
}
