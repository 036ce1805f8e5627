"""The networks of specs/suites/speed.yaml as a good user of Keras on TensorFlow writes them: functional models with channels
last, and a training step of their own as a tf.function.

`parity bench NAME --twin benchmarks` alternates the steps of both in one process. Nothing here imports parity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

MODES = ("eager", "compiled", "compiled[xla]")


def lenet_relu() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(layers.Conv2D(6, 5, padding="same", activation="relu"), layers.AveragePooling2D(2)),
            *(layers.Conv2D(16, 5, activation="relu"), layers.AveragePooling2D(2), layers.Flatten()),
            *(layers.Dense(120, activation="relu"), layers.Dense(84, activation="relu"), layers.Dense(10)),
        ]
    )


def _conv_norm(x: Any, filters: int, kernel: int, stride: int) -> Any:
    if kernel == 3 and stride == 2:  # Keras's "same" pads only behind where the stride is 2
        x = layers.ZeroPadding2D(1)(x)
        return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(layers.Conv2D(filters, 3, 2, use_bias=False)(x))
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(
        layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False)(x)
    )


def _basic(x: Any, filters: int, stride: int) -> Any:
    y = layers.ReLU()(_conv_norm(x, filters, 3, stride))
    y = _conv_norm(y, filters, 3, 1)
    return layers.ReLU()(layers.Add()([y, x if stride == 1 else _conv_norm(x, filters, 1, 2)]))


def resnet18_small_images() -> keras.Model:
    given = keras.Input((32, 32, 3))
    x = layers.ReLU()(_conv_norm(given, 64, 3, 1))
    for filters, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        x = _basic(x, filters, stride)
    return keras.Model(given, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def lstm_classifier() -> keras.Model:
    given = keras.Input((64, 256))
    x = layers.LSTM(256, return_sequences=True)(given)
    return keras.Model(given, layers.Dense(10)(layers.LSTM(256)(x)))


def transformer_encoder() -> keras.Model:
    given = x = keras.Input((128, 256))
    for _ in range(4):
        x = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([x, layers.MultiHeadAttention(4, 64)(x, x)]))
        y = layers.Dense(256)(layers.Dense(1024, activation="relu")(x))
        x = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([x, y]))
    return keras.Model(given, layers.Dense(10)(layers.GlobalAveragePooling1D()(x)))


NETWORKS = {made.__name__: made for made in (lenet_relu, resnet18_small_images, lstm_classifier, transformer_encoder)}


def optimizer_of(name: str, h: Mapping[str, float]) -> keras.optimizers.Optimizer:
    if name == "adam":
        return keras.optimizers.Adam(h["learning_rate"], h["beta_1"], h["beta_2"], h["epsilon"])
    return keras.optimizers.SGD(h["learning_rate"], momentum=h["momentum"])


class Twin:
    """A model, its optimizer and its step. best: compiled by XLA, which nobody gets without asking."""

    def __init__(self, network: str, mode: str, optimizer: str, hyperparameters: Mapping[str, float], best: bool) -> None:
        self.model, self.optimizer = NETWORKS[network](), optimizer_of(optimizer, hyperparameters)
        self.optimizer.build(self.model.trainable_variables)
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        xla = True if best or mode == "compiled[xla]" else None
        self.step = self._step if mode == "eager" else tf.function(self._step, jit_compile=xla, autograph=False)

    def _step(self, batch: tuple[Any, Any]) -> Any:
        x, labels = batch
        with tf.GradientTape() as tape:
            loss = self.loss(labels, self.model(x, training=True))
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]))
        return loss

    def place(self, batch: Mapping[str, Any]) -> tuple[Any, Any]:
        (name,) = set(batch) - {"label"}
        x = np.asarray(batch[name])
        x = np.transpose(x, (0, 2, 3, 1)) if x.ndim == 4 else x
        return tf.constant(x, tf.float32), tf.constant(np.asarray(batch["label"]), tf.int32)

    def synchronize(self) -> None:
        tf.test.experimental.sync_devices()

    def take(self, realization: Any) -> None:
        """Starts from the realization's weights: those of one shape in the order in which both have them."""
        rest = list(realization.variables.values())
        for own in self.model.variables:
            if "seed" in own.path:
                continue
            place = next(place for place, other in enumerate(rest) if other.shape == own.shape and _role(other) == _role(own))
            own.assign(rest.pop(place).value)


def _role(variable: Any) -> str:
    return str(variable.path).rsplit("/", 1)[-1]


def twin(network: str, mode: str, optimizer: str, hyperparameters: Mapping[str, float], best: bool = False) -> Twin:
    """The twin of a network's realization in a mode."""
    return Twin(network, mode, optimizer, hyperparameters, best)
