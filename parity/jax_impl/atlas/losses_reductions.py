"""Owns the answers of JAX, Flax and Optax to the atlas about the formulas of losses, and what they reduce over.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
import optax

from parity.jax_impl.atlas.asking import Answer, call

ANSWERS: Mapping[str, Answer] = {
    "squared_error.form": call(optax.squared_error),
    "huber.form": call(optax.huber_loss),
    "cross_entropy.takes": call(optax.softmax_cross_entropy_with_integer_labels, "x", "labels"),
    "binary_cross_entropy.takes": call(lambda x: optax.sigmoid_binary_cross_entropy(x, jnp.ones_like(x))),
    "kl_divergence.form": call(lambda q, p: optax.kl_divergence(jnp.log(q), p), "q", "p"),
    "cosine_similarity.sign": call(optax.cosine_similarity, "x", "y"),
    "hinge.zero_label": call(optax.hinge_loss, "x", "labels"),
}
