"""Owns Keras's answers to the atlas about optimizers.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import optimizers

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, optimized, t


def _clipped(inputs: Inputs) -> Array:
    w, optimizer = keras.Variable(np.zeros(2, np.float32)), optimizers.SGD(1.0, global_clipnorm=float(inputs["threshold"]))
    optimizer.build([w])
    optimizer.apply([t(inputs["x"])])
    return -model.array(w.value)


ANSWERS: Mapping[str, Answer] = {
    "sgd.velocity": optimized(lambda: optimizers.SGD(momentum=0.5)),
    "sgd.nesterov_form": optimized(lambda: optimizers.SGD(momentum=0.5, nesterov=True)),
    "sgd.decay": optimized(lambda: optimizers.SGD(momentum=0.5, weight_decay=0.25)),
    "adam.decay": optimized(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=2.0**-10, weight_decay=0.25)),
    "adam.epsilon_form": optimized(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=0.25)),
    "rmsprop.epsilon_form": optimized(lambda: optimizers.RMSprop(rho=0.75, epsilon=0.25)),
    "adagrad.epsilon_form": optimized(lambda: optimizers.Adagrad(epsilon=0.25, initial_accumulator_value=0.0)),
    "adadelta.rate": optimized(lambda: optimizers.Adadelta(rho=0.75, epsilon=0.25)),
    "adamax.form": optimized(lambda: optimizers.Adamax(beta_1=0.5, beta_2=0.75, epsilon=0.25)),
    "clip_norm.guard": _clipped,
}
