"""Owns Keras's answers to the atlas about steps of optimizers, one after the other.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops, optimizers

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, optimized, t


def _weights(count: int) -> list[Any]:
    return [keras.Variable(np.ones(1, np.float32), name="bias") for _ in range(count)]


def _alike(inputs: Inputs) -> float:
    pair, optimizer = _weights(2), optimizers.Nadam(0.5, beta_1=0.5, beta_2=0.75)
    optimizer.build(pair)
    for gradient in inputs["gradients"]:
        optimizer.apply([ops.full((1,), float(gradient))] * 2)
    return float(pair[0].numpy()[0] != pair[1].numpy()[0])


def _moved(optimizer: Any, start: list[float]) -> Array:
    """The weights after one step on gradients of 1."""
    w = keras.Variable(np.array(start, np.float32))
    optimizer.build([w])
    optimizer.apply([ops.ones(len(start))])
    return model.array(w.value)


def _penalized(_: Inputs) -> Array:
    rule = optimizers.Ftrl(0.5, beta=1.0, initial_accumulator_value=0.0, l2_regularization_strength=0.5)
    return _moved(rule, [1.0])


def _ratio(_: Inputs) -> Array:
    return _moved(optimizers.Lamb(0.5, epsilon=2.0**-40, weight_decay=0.25), [3.0, 4.0])


def _late(_: Inputs) -> Array:
    early, late = _weights(2)
    optimizer = optimizers.Adam(0.5, beta_1=0.5, beta_2=0.75, epsilon=2.0**-20)
    optimizer.build([early, late])
    optimizer.apply_gradients([(ops.ones(1), early), (None, late)])
    optimizer.apply_gradients([(ops.ones(1), early), (ops.ones(1), late)])
    return model.array(late.value)


def _precise(_: Inputs) -> float:
    """The error of a float64 step of rate 0.1, in units of the error of 0.1 in float32."""
    w, optimizer = keras.Variable(np.ones(1), dtype="float64"), optimizers.SGD(0.1)
    optimizer.build([w])
    optimizer.apply([ops.ones(1, "float64")])
    return (0.9 - float(w.numpy()[0])) / (float(np.float32(0.1)) - 0.1)


def _unused(_: Inputs) -> Array:
    used, unused = _weights(2)
    optimizer = optimizers.SGD(1.0, weight_decay=0.25)
    optimizer.build([used, unused])
    optimizer.apply_gradients([(ops.ones(1), used), (None, unused)])
    return model.array(unused.value)


def _bias(_: Inputs) -> Array:
    layer, optimizer = layers.Dense(1, bias_initializer="ones"), optimizers.SGD(1.0, weight_decay=0.25)
    layer.build((None, 1))
    optimizer.build(layer.trainable_variables)
    optimizer.apply([ops.zeros((1, 1)), ops.zeros(1)])
    return model.array(layer.bias.value)


def _infinite(inputs: Inputs) -> Array:
    w, optimizer = keras.Variable(np.zeros(2, np.float32)), optimizers.SGD(1.0, global_clipnorm=1.0)
    optimizer.build([w])
    optimizer.apply([t(inputs["x"])])
    return -model.array(w.value)


ANSWERS: Mapping[str, Answer] = {
    "sgd.float64": _precise,
    "nadam.schedule": optimized(lambda: optimizers.Nadam(beta_1=0.5, beta_2=0.75, epsilon=2.0**-10)),
    "nadam.weights": _alike,
    "rmsprop.momentum_form": optimized(lambda: optimizers.RMSprop(rho=0.75, momentum=0.5, epsilon=2.0**-40)),
    "adagrad.decay": optimized(lambda: optimizers.Adagrad(initial_accumulator_value=0.0, weight_decay=0.25)),
    "ftrl.penalty_2": _penalized,
    "lamb.decay": _ratio,
    "adam.late_weight": _late,
    "step.unused": _unused,
    "decay.bias": _bias,
    "decay.bias_by_name": _bias,
    "clip_norm.infinite": _infinite,
}
