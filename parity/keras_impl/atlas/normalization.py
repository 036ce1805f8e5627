"""Owns Keras's answers to the atlas about normalization.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keras import layers, ops

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, built, call, called, dtype, t


def _batch_norm(inputs: Inputs) -> layers.BatchNormalization:
    layer = layers.BatchNormalization(momentum=0.25)
    layer(t(inputs["x"]), training=True)
    return layer


def _frozen(inputs: Inputs) -> Array:
    layer = layers.BatchNormalization(epsilon=2.0**-10)
    layer.trainable = False
    return model.array(layer(t(inputs["x"]), training=True))


def _normalized(x: Any, variance: float, **arguments: Any) -> Any:
    return ops.batch_normalization(x, ops.zeros(1), ops.full((1,), variance), axis=-1, **arguments)


def _epsilon(function: Callable[[Any], Any], variance: float) -> Answer:
    """Epsilon, computed from the output of a normalization for an x of known variance (or mean square)."""
    return lambda inputs: (inputs["x"].ravel()[0] / float(model.array(function(t(inputs["x"]))).ravel()[0])) ** 2 - variance


def _running_while_frozen(inputs: Inputs) -> Array:
    layer = layers.BatchNormalization(momentum=0.25)
    layer.trainable = False
    layer(t(inputs["x"]), training=True)
    return model.array(layer.moving_mean)


ANSWERS: Mapping[str, Answer] = {
    "batch_norm.momentum_means": lambda inputs: _batch_norm(inputs).moving_mean,
    "batch_norm.running_variance": lambda inputs: _batch_norm(inputs).moving_variance,
    "batch_norm.axis": lambda inputs: called(layers.BatchNormalization(), inputs).gamma.shape[0],
    "batch_norm.frozen": _frozen,
    "normalize.tiny": call(lambda x: ops.normalize(x[None])[0]),
    "batch_norm.function_scale": call(lambda x: _normalized(x, 1.0, scale=ops.full((1,), 3.0), epsilon=2.0**-10)[0]),
    "batch_norm.function_epsilon": _epsilon(lambda x: _normalized(x, 0.0), 0.0),
    "rms_norm.epsilon_in_effect": _epsilon(layers.RMSNormalization(), 1e-12),
    "layer_norm.variance": call(lambda x: layers.LayerNormalization(epsilon=0.25)(x)[0]),
    "normalize.axis": call(lambda x: ops.normalize(x)[0, 0, 0]),
    "group_norm.gains": lambda inputs: built(layers.GroupNormalization(2), (None, 3, 3, inputs["x"].shape[1])).gamma.shape[0],
    "batch_norm.frozen_moves": _running_while_frozen,
    "batch_norm.half_statistics": dtype(lambda _: built(layers.BatchNormalization(dtype="float16"), (None, 3)).moving_variance),
    "batch_norm.saved": lambda _: len(built(layers.BatchNormalization(), (None, 3)).get_weights()),
    "layer_norm.two_axes": lambda inputs: built(layers.LayerNormalization(axis=(-2, -1)), inputs["x"].shape).gamma.shape,
}
