"""Owns the losses and other scalars at the end of a graph, in Optax and jax.numpy.

It refuses parameters.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from parity.jax_impl.wiring import Layer, Tensor, Use


def before(lengths: Tensor, time: int) -> Tensor:
    """(batch, time), true where a step lies before its example's length."""
    return jnp.arange(time) < lengths[:, None]


def softmax_cross_entropy(use: Use) -> Tensor:
    """Optax's loss of each position, minus s·(mean of the logs - log of the label) for the smoothing s."""
    x, labels, lengths = jnp.moveaxis(use.first(), use.axis(), -1), use.first("labels"), use.maybe("lengths")
    if use["smoothing"]:
        targets = optax.smooth_labels(jax.nn.one_hot(labels, x.shape[-1], dtype=x.dtype), use["smoothing"])
        losses = optax.softmax_cross_entropy(x, targets)
    else:
        losses = optax.softmax_cross_entropy_with_integer_labels(x, labels)
    if lengths is None:
        return jnp.mean(losses)
    valid = before(lengths, labels.shape[1])
    if use["mean"] == "sequences":
        return jnp.mean(jnp.mean(losses, axis=1, where=valid))
    return jnp.mean(losses, where=valid)


def reduced(losses: Tensor, use: Use) -> Tensor:
    return jnp.sum(losses) if use["reduction"] == "sum" else jnp.mean(losses)


def binary_cross_entropy(use: Use) -> Tensor:
    x = use.first()
    return reduced(optax.sigmoid_binary_cross_entropy(x, jnp.full_like(x, use["label"])), use)


def paired(function: Callable[..., Tensor], *attributes: str) -> Layer:
    """A loss per element of x and a target of the same shape. attributes: those with the same name in Optax and in the spec."""

    def apply(use: Use) -> Tensor:
        (x, target), _ = use.alike("x", "target")
        x, target = jnp.broadcast_arrays(x, target)
        return reduced(function(x, target, **{name: use[name] for name in attributes}), use)

    return Layer(apply)


def absolute_error(x: Tensor, target: Tensor) -> Tensor:
    return jnp.abs(x - target)


def hinge(use: Use) -> Tensor:
    """optax.hinge_loss has the fixed margin 1; the loss with margin m is m times Optax's loss of x/m."""
    x, target = jnp.broadcast_arrays(use.first(), use.first("target"))
    margin = float(use["margin"])
    return reduced(optax.hinge_loss(x, target) if margin == 1 else jax.nn.relu(margin - x * target), use)


def kl_divergence(use: Use) -> Tensor:
    """Optax gives one divergence per distribution; the spec's mean divides their sum by the number of distributions."""
    x, target = jnp.broadcast_arrays(use.first(), use.first("target"))
    return reduced(optax.kl_divergence(x, target, axis=use.axis()), use)


def weighted_sum(use: Use) -> Tensor:
    (x, weights), _ = use.alike("x", "weights")
    return jnp.sum(x * weights)


def weighted_mean(use: Use) -> Tensor:
    (x, weights), _ = use.alike("x", "weights")
    return jnp.sum(x * weights) / jnp.sum(weights)
