"""Owns the answers of JAX, Flax and Optax to the atlas about losses.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import optax

from parity.jax_impl.atlas.asking import Answer, Inputs, call, t


def _ctc(inputs: Inputs) -> jax.Array:
    """Logits and labels without padding."""
    x, labels = t(inputs["x"]), t(inputs["labels"])
    return optax.ctc_loss(x, jnp.zeros(x.shape[:2]), labels, jnp.zeros(labels.shape))


def _smoothed(inputs: Inputs) -> jax.Array:
    x = t(inputs["x"])
    labels = optax.smooth_labels(jax.nn.one_hot(t(inputs["labels"]), x.shape[-1]), 0.3)
    return optax.softmax_cross_entropy(x, labels)


def _classes(inputs: Inputs) -> jax.Array:
    x = t(inputs["x"])
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(x, jnp.zeros(x.shape[:-1], jnp.int32)))


def _divergence(inputs: Inputs) -> jax.Array:
    return optax.kl_divergence(jnp.log(t(inputs["q"])), t(inputs["p"]))


by_label = optax.softmax_cross_entropy_with_integer_labels

ANSWERS: Mapping[str, Answer] = {
    "cross_entropy.axis": _classes,
    "cross_entropy.smoothing_form": _smoothed,
    "cross_entropy.label_beyond": call(by_label, "x", "labels"),
    "cross_entropy.negative_label": call(by_label, "x", "labels"),
    "cross_entropy.huge": call(by_label, "x", "labels"),
    "binary_cross_entropy.huge": call(optax.sigmoid_binary_cross_entropy, "x", "y"),
    "kl_divergence.takes": call(optax.kl_divergence, "q", "p"),
    "ctc.blank": _ctc,
    "ctc.reduction": _ctc,
    "huber.delta_form": call(lambda x: jnp.mean(optax.huber_loss(x, jnp.zeros_like(x), delta=2.0))),
    "triplet.distance": call(lambda x, y, z: jnp.mean(optax.losses.triplet_margin_loss(x, y, z)), "x", "y", "z"),
    "kl_divergence.at_zero": _divergence,
    "kl_divergence.zero_label": _divergence,
    "cross_entropy.float_label": call(by_label, "x", "y"),
    "cross_entropy.one_hot": call(by_label, "x", "y"),
    "ctc.impossible": _ctc,
}
