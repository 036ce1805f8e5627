"""Owns the answers of JAX, Flax and Optax to the atlas about windows: padding, strides, patches.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from parity.execution.protocol import Array
from parity.jax_impl.atlas.asking import Answer, Inputs, call, filled, keys, t
from parity.jax_impl.atlas.convolution import convolved, table


def _transposed(inputs: Inputs) -> Array:
    kernel = t(inputs["kernel"])[:, :, None, None]
    layer = nnx.ConvTranspose(1, 1, (1, 3), strides=(1, 2), padding="SAME", transpose_kernel=True, use_bias=False, rngs=keys())
    return np.asarray(filled(layer, kernel=kernel)(t(inputs["x"])[None, :, :, None])).ravel()


def _dilated(_: Inputs) -> int:
    layer = nnx.Conv(1, 1, (3, 3), strides=2, kernel_dilation=2, padding="VALID", rngs=keys())
    return int(layer(jnp.zeros((1, 9, 9, 1))).shape[2])


def _gap(_: Inputs) -> int:
    layer = nnx.ConvTranspose(1, 1, (1, 1), strides=2, padding="VALID", rngs=keys())
    return int(layer(jnp.zeros((1, 4, 4, 1))).shape[2])


ANSWERS: Mapping[str, Answer] = {
    "conv2d.same_even": lambda inputs: convolved(inputs, padding="SAME"),
    "conv2d.stride_and_dilation": _dilated,
    "conv2d.unbatched": lambda _: nnx.Conv(3, 5, (1, 1), rngs=keys())(jnp.zeros((4, 4, 3))).shape,
    "dense.vector": lambda inputs: nnx.Linear(4, 2, rngs=keys())(t(inputs["x"])).shape,
    "max_pool2d.stem": call(lambda x: nnx.max_pool(x[None, :, :, None], (1, 3), (1, 2), "SAME").ravel()),
    "max_pool2d.nan": call(lambda x: nnx.max_pool(x[None, :, :, None], (1, 2), (1, 2)).ravel()),
    "conv_transpose2d.same_cut": _transposed,
    "conv_transpose2d.gap": _gap,
    "pad.order": lambda inputs: jnp.pad(t(inputs["x"]), (1, 2)).shape,
    "extract_patches.order": call(lambda x: jax.lax.conv_general_dilated_patches(x[None], (2, 2), (1, 1), "VALID").ravel()),
    "resize.size_order": lambda inputs: jax.image.resize(t(inputs["x"])[..., 0], (2, 3), "nearest").shape,
    "dropout.everything": call(nnx.Dropout(1.0, rngs=keys())),
    "embedding.float_index": call(table()),
    "split.number_means": lambda inputs: len(jnp.split(t(inputs["x"]), 2)),
    "repeat.order": call(lambda x: jnp.repeat(x, 2)),
    "flatten.keeps": lambda inputs: jnp.ravel(t(inputs["x"])).shape,
    "dot.axes": call(jnp.dot, "x", "y"),
}
