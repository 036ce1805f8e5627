"""Owns the answers of JAX, Flax and Optax to the atlas about initial values and initializers.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from flax import nnx
from jax.nn import initializers

from parity.jax_impl.atlas.asking import Answer, Inputs, keys, sampled


def _drawn(make: Callable[[], Any]) -> Answer:
    """A kernel of (inputs, outputs), turned."""
    return lambda _: np.asarray(make()(jax.random.key(0), (101, 307))).T


def _attention(part: str) -> Answer:
    def answer(_: Inputs) -> Any:
        layer = nnx.MultiHeadAttention(4, 96, decode=False, rngs=keys())
        return np.asarray(getattr(layer, part).kernel[...]).reshape(96, 96).T

    return answer


def _twice(_: Inputs) -> float:
    start, streams = initializers.he_normal(), keys()
    first, second = (nnx.Linear(11, 13, kernel_init=start, rngs=streams).kernel[...] for _ in range(2))
    return float((first != second).any())


ANSWERS: Mapping[str, Answer] = {
    "dense.kernel": sampled(lambda: nnx.Linear(37, 503, rngs=keys()).kernel[...]),
    "dense.bias": sampled(lambda: nnx.Linear(37, 5003, rngs=keys()).bias[...]),
    "conv2d.kernel": sampled(lambda: nnx.Conv(11, 101, (3, 3), rngs=keys()).kernel[...]),
    "conv_transpose2d.kernel": sampled(lambda: nnx.ConvTranspose(11, 101, (3, 3), rngs=keys()).kernel[...]),
    "embedding.table": sampled(lambda: nnx.Embed(1009, 301, rngs=keys()).embedding[...]),
    "lstm.kernel": sampled(lambda: nnx.OptimizedLSTMCell(37, 67, rngs=keys()).dense_i.kernel[...]),
    "lstm.recurrent_kernel": sampled(lambda: nnx.OptimizedLSTMCell(37, 67, rngs=keys()).dense_h.kernel[...]),
    "lstm.start_bias": sampled(lambda: nnx.OptimizedLSTMCell(13, 503, rngs=keys()).dense_h.bias[...]),
    "gru.recurrent_kernel": sampled(lambda: nnx.GRUCell(37, 79, rngs=keys()).dense_h.kernel[...]),
    "conv2d.bias_start": sampled(lambda: nnx.Conv(11, 5003, (3, 3), rngs=keys()).bias[...]),
    "depthwise_conv2d.kernel": sampled(lambda: nnx.Conv(53, 583, (3, 3), feature_group_count=53, rngs=keys()).kernel[...]),
    "gru.kernel": sampled(lambda: nnx.GRUCell(37, 79, rngs=keys()).dense_i.kernel[...]),
    "rnn.kernel": sampled(lambda: nnx.SimpleCell(37, 307, rngs=keys()).dense_i.kernel[...]),
    "multi_head_attention.kernel": _attention("query"),
    "batch_norm.start_gamma": sampled(lambda: nnx.BatchNorm(7, rngs=keys()).scale[...]),
    "he_normal.draws": _drawn(initializers.he_normal),
    "he_uniform.draws": _drawn(initializers.he_uniform),
    "glorot_normal.draws": _drawn(initializers.glorot_normal),
    "glorot_uniform.draws": _drawn(initializers.glorot_uniform),
    "truncated_normal.draws": _drawn(lambda: initializers.truncated_normal(2.0)),
    "grouped_conv2d.kernel": sampled(lambda: nnx.Conv(145, 305, (3, 3), feature_group_count=5, rngs=keys()).kernel[...]),
    "multi_head_attention.out_kernel": _attention("out"),
    "initializer.twice": _twice,
}
