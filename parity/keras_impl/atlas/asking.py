"""Owns the ways in which Keras is asked: the value, the slope, the type, the draw or the steps of a native object.

It refuses to know a question, and what its answer should be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops, optimizers

from parity.execution.protocol import Array
from parity.keras_impl import model

Inputs = Mapping[str, Array]
Answer = Callable[[Inputs], Any]


def t(array: Array) -> Any:
    return ops.convert_to_tensor(np.asarray(array, np.float32 if array.dtype.kind == "f" else np.int32))


def call(function: Callable[..., Any], *names: str) -> Answer:
    """The value of a function of the inputs (`x` alone, unless named)."""
    return lambda inputs: model.array(function(*(t(inputs[name]) for name in names or ("x",))))


def slope(function: Callable[[Any], Any]) -> Answer:
    """The gradient of the sum of function(x)."""
    return lambda inputs: model.slope(function, np.asarray(inputs["x"], np.float32))


def dtype(function: Callable[[Inputs], Any]) -> Answer:
    """The type of the function's result: its first letter's code, and its bits."""

    def answer(inputs: Inputs) -> Array:
        name = keras.backend.standardize_dtype(function(inputs).dtype)
        return np.asarray([ord(name[0]), int(name.lstrip("abcdefghijklmnopqrstuvwxyz") or 8)])

    return answer


def optimized(make: Callable[[], optimizers.Optimizer]) -> Answer:
    """The weight, which starts at 1, after each step on the question's gradients. rates: the learning rate of each step."""

    def answer(inputs: Inputs) -> Array:
        w, optimizer, trajectory = keras.Variable(np.ones(1, np.float32)), make(), []
        optimizer.build([w])
        for rate, gradient in zip(inputs["rates"], inputs["gradients"], strict=True):
            optimizer.learning_rate = float(rate)
            optimizer.apply([ops.full((1,), float(gradient))])
            trajectory.append(float(w.numpy()[0]))
        return np.asarray(trajectory)

    return answer


def sampled(make: Callable[[], layers.Layer], shape: tuple[int | None, ...], place: int) -> Answer:
    """The initial value of one weight of a layer, its output axis first; vectors as they are."""

    def answer(_: Inputs) -> Array:
        keras.utils.set_random_seed(0)
        layer = make()
        layer.build(shape)
        return np.ascontiguousarray(np.moveaxis(layer.get_weights()[place], -1, 0))

    return answer


def per_example(loss: Callable[..., Any]) -> Answer:
    """The loss of each example. Keras takes labels before scores."""
    return call(lambda x, labels: loss(labels, x), "x", "labels")


def called(layer: Any, inputs: Inputs) -> Any:
    layer(t(inputs["x"]))
    return layer


def built(layer: Any, shape: tuple[int | None, ...]) -> Any:
    layer.build(shape)
    return layer


class BatchRecorder(keras.Model):  # type: ignore[misc]
    """Keeps each batch that fit hands to it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Array] = []

    def train_step(self, data: Any) -> dict[str, Any]:
        self.seen.append(model.array(data[0] if isinstance(data, (tuple, list)) else data).ravel())
        return {"loss": ops.zeros(())}


def batches(inputs: Inputs, **arguments: Any) -> list[Array]:
    network = BatchRecorder()
    network.compile(optimizers.SGD(), run_eagerly=True)
    network.fit(inputs["x"][:, None].astype(np.float32), verbose=0, **arguments)
    return [*network.seen]


def rates(schedule: Any, count: int) -> list[float]:
    """The learning rates of the first `count` updates, read from how far each moves a weight on a gradient of 1."""
    w, optimizer, places = keras.Variable(np.zeros(1, np.float32)), optimizers.SGD(schedule), [0.0]
    optimizer.build([w])
    for _ in range(count):
        optimizer.apply([ops.ones(1)])
        places.append(0.0 - float(w.numpy()[0]))
    return [float(rate) for rate in np.diff(places)]


def plateau(**arguments: Any) -> Any:
    callback, network = keras.callbacks.ReduceLROnPlateau("loss", **arguments), keras.Sequential([layers.Dense(1)])
    network.compile(optimizers.SGD(1.0), "mse")
    callback.set_model(network)
    callback.on_train_begin()
    return callback


def patience(epochs_allowed: int) -> int:
    """The number of epochs with the same loss until the learning rate falls."""
    callback, epochs = plateau(patience=epochs_allowed), 0
    while float(callback.model.optimizer.learning_rate) == 1.0:
        callback.on_epoch_end(epochs, {"loss": 5.0})
        epochs += 1
    return epochs
