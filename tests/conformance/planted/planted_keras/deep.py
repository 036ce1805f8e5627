"""A ResNet-50 as people write it by hand in Keras."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


def convolved(x: Any, filters: int, size: int, stride: int, relu: bool = True) -> Any:
    if size > 1:
        x = layers.ZeroPadding2D(size // 2)(x)
    x = layers.Conv2D(filters, size, stride, use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    return layers.ReLU()(x) if relu else x


def block(x: Any, width: int, stride: int) -> Any:
    y = convolved(x, width, 1, 1)
    y = convolved(y, width, 3, stride)
    y = convolved(y, 4 * width, 1, 1, relu=False)
    if x.shape[-1] != 4 * width:
        x = convolved(x, 4 * width, 1, stride, relu=False)
    return layers.ReLU()(layers.Add()([y, x]))


def resnet50() -> keras.Model:
    i = keras.Input((64, 64, 3))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(convolved(i, 64, 7, 2)))
    for number, (count, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512))):
        for place in range(count):
            x = block(x, width, 2 if place == 0 and number else 1)
    return keras.Model(i, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)))
