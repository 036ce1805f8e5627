"""Owns the answers of JAX, Flax and Optax to the atlas about steps of optimizers, one after the other.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
import optax

from parity.jax_impl import device
from parity.jax_impl.atlas.asking import Answer, Inputs, optimized, stepped
from parity.jax_impl.atlas.optimizers import clipped


def _alike(inputs: Inputs) -> float:
    rows = [np.full(2, gradient) for gradient in inputs["gradients"]]
    first, second = stepped(optax.nadam(0.5, b1=0.5, b2=0.75), np.asarray(rows), np.ones(2))[-1]
    return float(first != second)


def _late(_: Inputs) -> float:
    """A weight that the loss does not use yet has a gradient of 0."""
    rule = optax.adam(0.5, b1=0.5, b2=0.75, eps=2.0**-20)
    return float(stepped(rule, np.array([[1.0, 0.0], [0.0, 1.0]]), np.ones(2))[-1][1])


def _precise(_: Inputs) -> float:
    """The error of a float64 step of rate 0.1, in units of the error of 0.1 in float32."""
    device.choose_precision("float64")
    try:
        w, rule = jnp.ones((), jnp.float64), optax.sgd(0.1)
        updates, _ = rule.update(jnp.ones_like(w), rule.init(w), w)
        found = float(optax.apply_updates(w, updates))
    finally:
        device.choose_precision("float32")
    return (0.9 - found) / (float(np.float32(0.1)) - 0.1)


def _decayed(_: Inputs) -> float:
    """A weight with a gradient of 0: one that the loss did not use, or a bias. Optax's decay reaches every weight."""
    rule = optax.chain(optax.add_decayed_weights(0.25), optax.sgd(1.0))
    return float(stepped(rule, np.zeros(1))[0])


def _ratio(_: Inputs) -> object:
    rule = optax.lamb(0.5, b1=0.5, b2=0.75, eps=2.0**-40, weight_decay=0.25)
    return stepped(rule, np.ones((1, 2)), np.array([3.0, 4.0]))[0]


ANSWERS: Mapping[str, Answer] = {
    "sgd.float64": _precise,
    "nadam.schedule": optimized(lambda rate: optax.nadam(rate, b1=0.5, b2=0.75, eps=2.0**-10)),
    "nadam.weights": _alike,
    "rmsprop.momentum_form": optimized(lambda rate: optax.rmsprop(rate, decay=0.75, eps=2.0**-40, momentum=0.5)),
    "lamb.decay": _ratio,
    "adam.late_weight": _late,
    "step.unused": _decayed,
    "decay.bias": _decayed,
    "decay.bias_by_name": _decayed,
    "clip_norm.infinite": clipped,
}
