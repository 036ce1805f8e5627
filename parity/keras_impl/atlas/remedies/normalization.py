"""Owns what the atlas advises for Keras about normalization, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import layers, ops

from parity.keras_impl.atlas.asking import Answer, Inputs, call, dtype, t
from parity.keras_impl.atlas.remedies.building import BATCH, first, last, running

PIXELS = (np.arange(96, dtype=np.float32) * 5 % 96).reshape(2, 4, 3, 4)


def _frozen(inputs: Inputs, **arguments: float) -> tuple[Any, Any]:
    """The output and the running mean of a layer with frozen parameters, whose statistics still move."""
    layer = layers.BatchNormalization(**arguments)
    layer.build((None, 2))
    layer.gamma.trainable = False
    layer.beta.trainable = False
    return layer(t(inputs["x"]), training=True), layer.moving_mean


def _unbiased(inputs: Inputs) -> Any:
    x = t(inputs["x"])
    layer = layers.BatchNormalization(momentum=1.0)
    layer(x, training=True)
    layer.moving_variance.assign(0.75 * layer.moving_variance + 0.25 * ops.var(x, 0) * len(x) / (len(x) - 1))
    return layer.moving_variance


def _gains(_: Inputs) -> Any:
    layer = layers.GroupNormalization(2, epsilon=1e-5)
    layer.build((None, 3, 4, 4))
    layer.gamma.assign(np.arange(1.0, 5.0))
    return first(layer(last(PIXELS)))


def _half(_: Inputs) -> Any:
    layer = layers.BatchNormalization(dtype="mixed_float16")
    layer.build((None, 3))
    return layer.moving_variance


def _epsilon(x: Any, **arguments: float) -> Any:
    return (x[0, 0] / ops.batch_normalization(x, ops.zeros(1), ops.zeros(1), axis=-1, **arguments)[0, 0]) ** 2


def _axis(inputs: Inputs) -> int:
    layer = layers.BatchNormalization(axis=1)
    layer(t(inputs["x"]))
    return int(layer.gamma.shape[0])


REMEDIES: Mapping[str, Answer] = {
    "batch_norm.momentum_means@torch": lambda _: running(momentum=1 - 0.25),
    "batch_norm.running_variance@torch": _unbiased,
    "batch_norm.axis@torch": _axis,
    "batch_norm.frozen@torch": lambda inputs: _frozen(inputs, epsilon=2.0**-10)[0],
    "batch_norm.frozen_moves@torch": lambda inputs: _frozen(inputs, momentum=1 - 0.25)[1],
    "normalize.tiny@mxnet": call(lambda x: x / ops.sqrt(ops.sum(x**2, -1, keepdims=True) + 1e-10)),
    "normalize.axis@torch": call(lambda x: ops.normalize(x, axis=1)[0, 0, 0]),
    "normalize.axis@mxnet": call(lambda x: ops.normalize(ops.reshape(x, (2, -1)), axis=-1)[0, 0]),
    "group_norm.gains@torch": _gains,
    "batch_norm.half_statistics@mxnet": dtype(_half),
    "layer_norm.two_axes@torch": lambda _: layers.LayerNormalization(axis=(-2, -1), epsilon=1e-3)(BATCH),
    "batch_norm.function_epsilon@torch": call(lambda x: _epsilon(x, epsilon=1e-5)),
    "rms_norm.epsilon_in_effect@torch": call(
        lambda x: (x[0, 0] / layers.RMSNormalization(epsilon=2**-23)(x)[0, 0]) ** 2 - 1e-12
    ),
}
