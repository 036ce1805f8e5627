"""Owns the answers of JAX, Flax and Optax to the atlas about optimizers.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import optax

from parity.execution.protocol import Array
from parity.jax_impl.atlas.asking import Answer, Inputs, optimized, t


def clipped(inputs: Inputs) -> Array:
    rule = optax.clip_by_global_norm(float(inputs.get("threshold", 1.0)))
    x = t(inputs["x"])
    return np.asarray(rule.update(x, rule.init(x))[0])


ANSWERS: Mapping[str, Answer] = {
    "sgd.velocity": optimized(lambda rate: optax.sgd(rate, momentum=0.5)),
    "sgd.nesterov_form": optimized(lambda rate: optax.sgd(rate, momentum=0.5, nesterov=True)),
    "sgd.decay": optimized(lambda rate: optax.chain(optax.add_decayed_weights(0.25), optax.sgd(rate, momentum=0.5))),
    "adam.epsilon_form": optimized(lambda rate: optax.adam(rate, b1=0.5, b2=0.75, eps=0.25)),
    "rmsprop.epsilon_form": optimized(lambda rate: optax.rmsprop(rate, decay=0.75, eps=0.25)),
    "adagrad.epsilon_form": optimized(lambda rate: optax.adagrad(rate, initial_accumulator_value=0.0, eps=0.25)),
    "adadelta.rate": optimized(lambda rate: optax.adadelta(rate, rho=0.75, eps=0.25)),
    "adamax.form": optimized(lambda rate: optax.adamax(rate, b1=0.5, b2=0.75, eps=0.25)),
    "clip_norm.guard": clipped,
}
