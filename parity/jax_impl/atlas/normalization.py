"""Owns the answers of JAX, Flax and Optax to the atlas about normalization.

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
from parity.jax_impl.atlas.asking import Answer, Inputs, call, dtype, keys, t


def _batch_norm(inputs: Inputs, **arguments: Any) -> nnx.BatchNorm:
    layer = nnx.BatchNorm(inputs["x"].shape[1], momentum=0.25, rngs=keys(), **arguments)
    layer(t(inputs["x"]))
    return layer


def _axis(inputs: Inputs) -> int:
    """Of Linen's layer, which learns the number of channels; NNX's is told it, and normalizes the same axis."""
    layer = linen.BatchNorm(use_running_average=False)
    return int(layer.init(jax.random.key(0), t(inputs["x"]))["params"]["scale"].size)


def _frozen(inputs: Inputs) -> Array:
    """A parameter is frozen in the optimizer alone: the layer does not hear of it."""
    return np.asarray(nnx.BatchNorm(inputs["x"].shape[1], epsilon=2.0**-10, rngs=keys())(t(inputs["x"])))


def _half(_: Inputs) -> jax.Array:
    return nnx.BatchNorm(3, dtype=jnp.float16, param_dtype=jnp.float16, rngs=keys()).var[...]


def _rms(inputs: Inputs) -> float:
    x = t(inputs["x"])
    return (float(x.ravel()[0]) / float(nnx.RMSNorm(2, rngs=keys())(x).ravel()[0])) ** 2 - 1e-12


ANSWERS: Mapping[str, Answer] = {
    "batch_norm.momentum_means": lambda inputs: _batch_norm(inputs).mean[...],
    "batch_norm.running_variance": lambda inputs: _batch_norm(inputs).var[...],
    "batch_norm.axis": _axis,
    "batch_norm.frozen": _frozen,
    "rms_norm.epsilon_in_effect": _rms,
    "layer_norm.variance": call(lambda x: nnx.LayerNorm(3, epsilon=0.25, rngs=keys())(x)[0]),
    "group_norm.gains": lambda inputs: nnx.GroupNorm(inputs["x"].shape[1], num_groups=2, rngs=keys()).scale[...].size,
    "batch_norm.frozen_moves": lambda inputs: _batch_norm(inputs).mean[...],
    "batch_norm.half_statistics": dtype(_half),
    "batch_norm.saved": lambda _: len(jax.tree.leaves(nnx.state(nnx.BatchNorm(3, rngs=keys())))),
    "layer_norm.two_axes": lambda inputs: (
        nnx.LayerNorm(inputs["x"].shape[-1], reduction_axes=(-2, -1), rngs=keys()).scale[...].shape
    ),
}
