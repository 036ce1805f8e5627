"""Owns the answers of JAX, Flax and Optax to the atlas about defaults that no argument shows: they are measured.

It refuses to know what the answer should be. defaults.py holds the places of the others.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import optax
from flax import nnx
from jax.nn import initializers

from parity.jax_impl.atlas.asking import Answer, Inputs, keys, stepped


def _forget(_: Inputs) -> bool:
    """Whether the bias of the forget gate, the second of four, starts at 1 and the others at 0."""
    bias = np.asarray(nnx.OptimizedLSTMCell(3, 2, rngs=keys()).dense_h.bias[...])
    return bool((bias[2:4] == 1).all())


def _weight_decay(rule: optax.GradientTransformation) -> float:
    """The share of a weight of 1 that a step of rate 1 takes on a gradient of 0."""
    return 1 - float(stepped(rule, np.zeros(1))[0])


def _lowest(_: Inputs) -> float:
    """The lower end of the range of a uniform initializer, whose argument is the upper one, to two digits."""
    return round(float(initializers.uniform()(keys().params(), (10_000,)).min()), 2) + 0.0


ANSWERS: Mapping[str, Answer] = {
    "lstm.forget_bias_one": _forget,
    "uniform.low": _lowest,
    "sgd.weight_decay": lambda _: _weight_decay(optax.sgd(1.0)),
    "adam.weight_decay": lambda _: _weight_decay(optax.adam(1.0)),
}
