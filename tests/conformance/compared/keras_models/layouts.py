"""The same as keras writes them."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


def chain(shape: tuple[int, ...], *parts: Any) -> Any:
    return keras.Sequential([keras.Input(shape), *parts])


def flat() -> Any:
    pool = layers.MaxPooling2D(2)
    return chain((8, 6, 3), layers.Conv2D(5, 3, activation="tanh"), pool, layers.Flatten(), layers.Dense(7))


def door() -> Any:
    return chain((8, 6, 3), layers.Conv2D(5, 3))


def signals() -> Any:
    convolution, pool = layers.Conv1D(5, 3), layers.MaxPooling1D(2)
    return chain((12, 3), convolution, layers.BatchNormalization(), layers.ReLU(), pool, layers.Flatten(), layers.Dense(4))


def slopes() -> Any:
    return chain((8, 6, 3), layers.Conv2D(5, 3), layers.PReLU(shared_axes=[1, 2]), layers.Conv2D(2, 1))


def slope_for_each_element() -> Any:
    return chain((8, 6, 3), layers.Conv2D(5, 3), layers.PReLU(), layers.Conv2D(2, 1))


class Loss(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = layers.Dense(4, activation="relu"), layers.Dense(3)

    def call(self, x: Any, wanted: Any) -> Any:
        logits = self.b(self.a(x))
        hit = ops.sum(logits * ops.one_hot(wanted, 3, dtype=logits.dtype), -1)
        return ops.mean(ops.logsumexp(logits, axis=-1) - hit)


def loss() -> Any:
    return Loss()


def volume() -> Any:
    norm, pool = layers.BatchNormalization(), layers.MaxPooling3D(2)
    parts = layers.Conv3D(4, 3), norm, layers.ReLU(), pool, layers.GlobalAveragePooling3D(), layers.Dense(2)
    return chain((6, 6, 6, 1), *parts)


def batched() -> Any:
    return chain((5,), layers.Dense(4), layers.ReLU(), layers.Dense(1))
