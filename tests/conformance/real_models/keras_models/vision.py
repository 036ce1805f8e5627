"""The ResNet of `vision`, functional."""

from __future__ import annotations

import keras
from keras import layers


def _conv(x, filters, size, stride=1):
    x = layers.ZeroPadding2D(size // 2)(x) if size > 1 else x
    return layers.Conv2D(filters, size, strides=stride, use_bias=False)(x)


def _block(x, filters, stride, epsilon):
    shortcut = x
    y = layers.BatchNormalization(epsilon=epsilon, momentum=0.9)(_conv(x, filters, 3, stride))
    y = layers.BatchNormalization(epsilon=epsilon, momentum=0.9)(_conv(layers.ReLU()(y), filters, 3))
    if stride != 1 or x.shape[-1] != filters:
        shortcut = layers.BatchNormalization(epsilon=epsilon, momentum=0.9)(_conv(x, filters, 1, stride))
    return layers.ReLU()(layers.Add()([y, shortcut]))


def resnet_tiny(widths=(8, 16), classes=5, epsilon=1e-5):
    inputs = keras.Input((24, 24, 3))
    x = layers.BatchNormalization(epsilon=epsilon, momentum=0.9)(_conv(inputs, widths[0], 3, 2))
    x = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(layers.ReLU()(x)))
    for stage, width in enumerate(widths):
        x = _block(x, width, 2 if stage else 1, epsilon)
    return keras.Model(inputs, layers.Dense(classes)(layers.GlobalAveragePooling2D()(x)))
