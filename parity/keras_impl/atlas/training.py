"""Owns Keras's answers to the atlas about training: modes, gradients, batches.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, losses, ops, optimizers, regularizers

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, batches, call, slope, t


def _moved(inputs: Inputs) -> Array:
    layer = layers.BatchNormalization(momentum=0.25)
    layer(t(inputs["x"]), training=True)
    return model.array(layer.moving_mean)


def _twice(inputs: Inputs) -> Array:
    return [model.slope(lambda x: x**2, np.asarray(inputs["x"], np.float32)) for _ in range(2)][-1]


def _stepped(inputs: Inputs, **arguments: Any) -> float:
    w, optimizer = keras.Variable(np.ones(1, np.float32)), optimizers.SGD(float(inputs["rate"]), **arguments)
    optimizer.build([w])
    optimizer.apply([ops.full((1,), float(inputs["gradient"]))])
    return float(w.numpy()[0])


def _clipped(inputs: Inputs) -> Array:
    weights, optimizer = [keras.Variable(np.zeros(1, np.float32)) for _ in inputs["x"]], optimizers.SGD(1.0, clipnorm=1.0)
    optimizer.build(weights)
    optimizer.apply([ops.full((1,), float(gradient)) for gradient in inputs["x"]])
    return -np.concatenate([w.numpy() for w in weights])


def _rates(_: Inputs) -> list[float]:
    schedule = optimizers.schedules.ExponentialDecay(1.0, 2, 0.5, staircase=True)
    optimizer, w = optimizers.SGD(schedule), keras.Variable(np.zeros(1, np.float32))
    optimizer.build([w])
    places = [0.0]
    for _number in range(6):
        optimizer.apply([ops.ones((1,))])
        places.append(-float(w.numpy()[0]))
    return list(np.diff(places))


def _dropped(inputs: Inputs) -> float:
    out = model.array(layers.LSTM(5, dropout=0.75, return_sequences=True)(t(inputs["x"]), training=True))
    return float(abs(out - out[:1]).max() > 1e-3)


def _padded(inputs: Inputs) -> float:
    layer = layers.Embedding(3, 1, mask_zero=True)
    layer.build((None,))
    before = layer.get_weights()[0]
    network = keras.Sequential([layer])
    network.compile(optimizers.SGD(1.0), loss=lambda _labels, outputs: ops.sum(outputs))
    network.train_on_batch(inputs["index"][None].astype(np.int32), np.zeros((1, 1), np.float32))
    return float(before[0, 0] - layer.get_weights()[0][0, 0])


def _empty_norm(inputs: Inputs) -> Array:
    layer = layers.BatchNormalization()
    layer(t(inputs["x"]), training=True)
    return model.array(layer.moving_mean)


def _accumulated(inputs: Inputs) -> Array:
    w, optimizer = keras.Variable(np.zeros(1, np.float32)), optimizers.SGD(1.0, gradient_accumulation_steps=2)
    optimizer.build([w])
    for gradient in inputs["x"]:
        optimizer.apply([ops.full((1,), float(gradient))])
    return -model.array(w.value)


def _second(layer: Any, x: Any) -> Array:
    """The second derivative of a layer, computed with a model whose output is the loss."""
    tensor = keras.Input(x.shape[1:])
    network = keras.Model(tensor, ops.sum(layer(tensor) ** 2))
    product = model.Programs("eager", "cpu").hessian_vector_product(network, layer.trainable_variables)
    return model.array(product([x], [ops.ones_like(layer.kernel)])[0])


def _behind(inputs: Inputs) -> float:
    direct, copied = (
        slope(lambda x: layers.MaxPooling2D(2)(ops.reshape(x, (1, 8, 8, 1)))),
        slope(lambda x: layers.MaxPooling2D(2)(ops.copy(ops.reshape(x, (1, 8, 8, 1))))),
    )
    return float((direct(inputs) == copied(inputs)).all())


class _Listing(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.parts = [layers.Dense(3), layers.Dense(5)]

    def call(self, x: Any) -> Any:
        return self.parts[1](self.parts[0](x))


def _listed(_: Inputs) -> int:
    network = _Listing()
    network(np.zeros((1, 2), np.float32))
    return len(network.trainable_variables)


def _written(inputs: Inputs) -> float:
    x = t(inputs["x"])
    piece = x[0:1]
    piece[:] = 7.0
    return float(x[0])


ANSWERS: Mapping[str, Answer] = {
    "batch_norm.mode": lambda inputs: layers.BatchNormalization(epsilon=2.0**-10)(t(inputs["x"])),
    "dropout.mode": lambda inputs: float(ops.max(layers.Dropout(0.75)(t(inputs["x"])))),
    "batch_norm.moves": _moved,
    "batch_norm.one_example": lambda inputs: layers.BatchNormalization()(t(inputs["x"]), training=True),
    "gradient.twice": _twice,
    "step.rescaling": _stepped,
    "penalty.factor": lambda _: model.slope(regularizers.L2(0.25), np.ones(1, np.float32)),
    "clip_norm.over": _clipped,
    "step_decay.rates": _rates,
    "squared_error.shapes": call(lambda x, y: losses.MeanSquaredError()(y, x), "x", "y"),
    "lstm.dropout_reaches": _dropped,
    "embedding.padding_gradient": _padded,
    "squared_error.empty": call(lambda x: losses.MeanSquaredError()(x, x)),
    "batch_norm.empty": _empty_norm,
    "gradient.accumulated": _accumulated,
    "gradient.of_vector": lambda inputs: model.slope_of(lambda x: x**2, np.asarray(inputs["x"], np.float32)),
    "gradient.second_dense": lambda inputs: _second(layers.Dense(1, use_bias=False), t(inputs["x"])[:, None]),
    "gradient.second_convolution": lambda inputs: _second(
        layers.Conv2D(1, 1, use_bias=False), t(inputs["x"])[None, None, :, None]
    ),
    "max_pool2d.behind_reshape": _behind,
    "model.list": _listed,
    "view.writes": _written,
    "batches.size": lambda inputs: [batches(inputs)[place].size for place in (0, -1)],
    "batches.shuffled": lambda inputs: float((np.concatenate(batches(inputs)) == inputs["x"]).all()),
    "batches.last_dropped": lambda inputs: len(batches(inputs, batch_size=32)),
}
