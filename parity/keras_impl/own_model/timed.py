"""Owns a step of a user's own Keras model for the clock: a pass in evaluation mode, or a pass forward, backward and SGD.

A step is a compiled graph, as `predict` and `fit` run it. It refuses to observe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from parity.execution.own_model.nesting import tensors_of
from parity.execution.protocol import Array
from parity.keras_impl.own_model.observation import Model

LEARNING_RATE = 1e-3


def steps(model: Model, inputs: Sequence[Array], training: bool) -> tuple[Callable[[], Any], Callable[[], None]]:
    """A step, and what waits until TensorFlow's devices are done. In training the loss is the mean square of every output."""
    tensors = [model._tensor(array) for array in inputs]
    model._call(tensors, training=False)  # the first call builds the weights
    if not training:
        return tf.function(lambda: model._call(tensors, training=False), autograph=False), _wait
    variables = list(model.model.trainable_variables)
    optimizer = keras.optimizers.SGD(LEARNING_RATE)
    optimizer.build(variables)

    def train() -> None:
        with tf.GradientTape() as tape:
            outputs = tensors_of(model._call(tensors, training=True), keras.ops.is_tensor)
            loss = tf.add_n([tf.reduce_mean(tf.square(item)) for item in outputs if item.dtype.is_floating])
        optimizer.apply(tape.gradient(loss, [item.value for item in variables]), variables)

    return tf.function(train, autograph=False), _wait


def _wait() -> None:
    tf.test.experimental.sync_devices()
