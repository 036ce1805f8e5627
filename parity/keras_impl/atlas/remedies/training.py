"""Owns what the atlas advises for Keras about training: modes, gradients, batches, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, losses, ops, optimizers, regularizers

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, batches, t


def _all_dropped(inputs: Inputs) -> float:
    out = model.array(layers.LSTM(5, dropout=0.0, return_sequences=True)(t(inputs["x"]), training=True))
    return float(abs(out - out[:1]).max() > 1e-3)


def _twice(inputs: Inputs) -> Array:
    passes = [model.slope(lambda x: x**2, np.asarray(inputs["x"], np.float32)) for _ in range(2)]
    return passes[0] + passes[1]


def _masked(inputs: Inputs) -> Array:
    """The gradient of an embedding table's row 0, where the output is multiplied by index != 0."""
    index = np.asarray(inputs["index"], np.int32)
    slopes = model.slope(
        lambda table: ops.matmul(ops.one_hot(index, 3), table) * (index != 0)[:, None], np.ones((3, 1), np.float32)
    )
    return np.asarray(slopes[0])


def _moving(inputs: Inputs) -> Any:
    layer = layers.BatchNormalization()
    for x in (t(inputs["x"]), ops.convert_to_tensor([[1.0, 2.0], [3.0, 5.0]])):
        if len(x):
            layer(x, training=True)
    return layer.moving_mean / 0.01


def _given(inputs: Inputs) -> list[Any]:
    """An empty batch, and a batch that is not empty."""
    return [t(inputs["x"]), ops.ones((3, 2))]


def _written(inputs: Inputs) -> float:
    x = t(inputs["x"])
    ops.slice_update(x, (0,), ops.full((1,), 7.0))
    return float(x[0])


def _clipped(inputs: Inputs) -> Array:
    weights, optimizer = (
        [keras.Variable(np.zeros(1, np.float32)) for _ in inputs["x"]],
        optimizers.SGD(1.0, global_clipnorm=1.0),
    )
    optimizer.build(weights)
    optimizer.apply([ops.full((1,), float(gradient)) for gradient in inputs["x"]])
    return -np.concatenate([w.numpy() for w in weights])


REMEDIES: Mapping[str, Answer] = {
    "lstm.dropout_reaches@torch": _all_dropped,
    "batch_norm.mode@torch": lambda inputs: layers.BatchNormalization(epsilon=2.0**-10)(t(inputs["x"]), training=True),
    "dropout.mode@torch": lambda inputs: ops.max(layers.Dropout(0.75)(t(inputs["x"]), training=True)),
    "gradient.twice@torch": _twice,
    "penalty.factor@torch": lambda _: model.slope(regularizers.L2(0.25 / 2), np.ones(1, np.float32)),
    "embedding.padding_gradient@torch": _masked,
    "view.writes@alike": _written,
    "batches.size@alike": lambda inputs: [batches(inputs, batch_size=32)[place].size for place in (0, -1)],
    "batches.shuffled@torch": lambda inputs: float((np.concatenate(batches(inputs, shuffle=False)) == inputs["x"]).all()),
    "squared_error.empty@alike": lambda inputs: float(
        sum(float(losses.MeanSquaredError()(0 * x, x)) for x in _given(inputs) if len(x))
    ),
    "batch_norm.empty@alike": _moving,
    "clip_norm.over@torch": _clipped,
}
