"""Owns what advice of several chapters for Keras is built with.

It refuses to advise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import initializers, layers, losses, ops, optimizers, regularizers

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs

ROWS = np.array([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 2.5]], np.float32)
IMAGE = (np.arange(36, dtype=np.float32) * 7 % 36).reshape(1, 6, 6, 1)
KERNEL = (np.arange(9, dtype=np.float32) - 3).reshape(3, 3, 1, 1)
BATCH = (np.arange(120, dtype=np.float32) * 7 % 120).reshape(2, 3, 4, 5)


def first(x: Any) -> Any:
    """Moves the channels from last to first, the other frameworks' order."""
    return ops.transpose(x, (0, 3, 1, 2))


def last(x: Any) -> Any:
    return ops.transpose(x, (0, 2, 3, 1))


def running(**arguments: Any) -> Any:
    """The running mean after one batch."""
    layer = layers.BatchNormalization(**arguments)
    layer(ROWS, training=True)
    return layer.moving_mean


def convolved(layer: Any, x: Any = IMAGE, kernel: Array = KERNEL) -> Array:
    layer.build(tuple(x.shape))
    layer.set_weights([kernel])
    return model.array(layer(x)).ravel()


def kernel(layer: Any, shape: tuple[int | None, ...] = (None, 9, 9, 5)) -> Array:
    layer.build(shape)
    return np.asarray(layer.get_weights()[0])


def drawn(start: Any, *shape: int, scale: float = 1.0) -> Answer:
    """A weight of this shape, initialized by `start`; its output axis comes first."""

    def answer(_: Inputs) -> Array:
        keras.utils.set_random_seed(0)
        return np.ascontiguousarray(np.moveaxis(model.array(start(shape)) * scale, -1, 0))

    return answer


SMALL = initializers.RandomUniform(-0.07, 0.07)
PLAIN = initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
DECAY = 0.25
Make = Callable[[], Any]


def stepped(make: Make, before: Callable[..., Any] = lambda *_: 0.0) -> Answer:
    """The weight after each step from 1. before(optimizer, w, step (from 1), rate, last rate) is added to the gradient."""

    def answer(inputs: Inputs) -> list[float]:
        w, optimizer, trajectory = keras.Variable(np.ones(1, np.float32)), make(), []
        optimizer.build([w])
        last = float(inputs["rates"][0])
        for step, (rate, gradient) in enumerate(zip(inputs["rates"], inputs["gradients"], strict=True), start=1):
            optimizer.learning_rate = float(rate)
            more = before(optimizer, w, step, float(rate), last)
            optimizer.apply([ops.full((1,), float(gradient)) + more])
            trajectory.append(float(w.numpy()[0]))
            last = float(rate)
        return trajectory

    return answer


def rescaled(optimizer: Any, _w: Any, _: int, rate: float, last: float) -> float:
    """Acts as if the velocity did not contain the learning rate: scales it from the last rate to the present one."""
    for velocity in velocities(optimizer):
        velocity.assign(velocity * (rate / last))
    return 0.0


def velocities(optimizer: Any) -> list[Any]:
    return [
        item
        for item in (optimizer.momentums if isinstance(optimizer, optimizers.SGD) else optimizer._momentums)
        if item is not None
    ]


def coupled(_optimizer: Any, w: Any, _: int, _rate: float, _last: float) -> Array:
    """The gradient of the term that kernel_regularizer adds to the loss."""
    decay = DECAY
    return model.slope(regularizers.L2(decay / 2), np.asarray(w.numpy()))


LOGITS = losses.SparseCategoricalCrossentropy(from_logits=True)
