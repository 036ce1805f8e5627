"""Owns what the atlas advises for Keras about steps of optimizers, one after the other, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import layers, ops, optimizers

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, t
from parity.keras_impl.atlas.remedies.building import coupled, rescaled, stepped


def _finite(inputs: Inputs) -> Array:
    w, gradient = keras.Variable(np.zeros(2, np.float32)), t(inputs["x"])
    optimizer = optimizers.SGD(1.0, global_clipnorm=1.0)
    optimizer.build([w])
    if ops.all(ops.isfinite(gradient)):
        optimizer.apply([gradient])
    return model.array(w.value)


def _undecayed(_: Inputs) -> Array:
    layer, optimizer = layers.Dense(1, bias_initializer="ones"), optimizers.SGD(1.0, weight_decay=0.25)
    layer.build((None, 1))
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(layer.trainable_variables)
    optimizer.apply([ops.zeros((1, 1)), ops.zeros(1)])
    return model.array(layer.bias.value)


def _penalized(_: Inputs) -> Array:
    w = keras.Variable(np.ones(1, np.float32))
    wd = 0.5
    optimizer = optimizers.Ftrl(0.5, beta=1.0, initial_accumulator_value=0.0, l2_regularization_strength=wd / 2)
    optimizer.build([w])
    optimizer.apply([ops.ones(1)])
    return model.array(w.value)


def _own(_: Inputs) -> Array:
    early, late = (keras.Variable(np.ones(1, np.float32)) for _ in range(2))
    first, second = (optimizers.Adam(0.5, beta_1=0.5, beta_2=0.75, epsilon=2.0**-20) for _ in range(2))
    for step in range(2):
        first.apply_gradients([(ops.ones(1), early)])
        if step == 1:
            second.apply_gradients([(ops.ones(1), late)])
    return model.array(late.value)


def _precise(_: Inputs) -> float:
    w, optimizer = keras.Variable(np.ones(1), dtype="float64"), optimizers.SGD(2**-10)
    optimizer.build([w])
    optimizer.apply([ops.ones(1, "float64")])
    return float(w.numpy()[0])


REMEDIES: Mapping[str, Answer] = {
    "rmsprop.momentum_form@torch": stepped(lambda: optimizers.RMSprop(rho=0.75, momentum=0.5, epsilon=2.0**-80), rescaled),
    "rmsprop.momentum_form@mxnet": stepped(lambda: optimizers.RMSprop(rho=0.75, momentum=0.0, epsilon=2.0**-40)),
    "adagrad.decay@torch": stepped(lambda: optimizers.Adagrad(initial_accumulator_value=0.0), coupled),
    "sgd.float64@alike": _precise,
    "ftrl.penalty_2@mxnet": _penalized,
    "adam.late_weight@torch": _own,
    "decay.bias_by_name@mxnet": _undecayed,
    "clip_norm.infinite@alike": _finite,
}
