"""A small residual network, channels last; `ported` forgot to take torch's epsilon along in the shortcut's batch norm."""

import keras
from keras import layers


def norm(x, epsilon=1e-5, momentum=0.9):
    return layers.BatchNormalization(epsilon=epsilon, momentum=momentum)(x)


def conv(x, channels, size, strides=1):
    if strides > 1 and size > 1:
        x = layers.ZeroPadding2D(size // 2)(x)
    padding = "same" if strides == 1 else "valid"
    return layers.Conv2D(channels, size, strides, padding=padding, use_bias=False)(x)


def block(x, channels, strides, epsilon, momentum):
    y = layers.ReLU()(norm(conv(x, channels, 3, strides)))
    y = norm(conv(y, channels, 3), momentum=momentum)
    if strides > 1 or x.shape[-1] != channels:
        x = norm(conv(x, channels, 1, strides), epsilon)
    return layers.ReLU()(layers.Add()([y, x]))


def network(epsilon=1e-5, momentum=0.9):
    inputs = keras.Input((8, 8, 3))
    x = layers.ReLU()(norm(conv(inputs, 9, 3)))
    x = block(x, 9, 1, 1e-5, 0.9)
    x = block(x, 7, 2, epsilon, momentum)
    return keras.Model(inputs, layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))


def build():
    return network()


def ported():
    return network(epsilon=1e-3)


def momentum():
    """Torch's momentum, 0.1, taken over as if it meant the same."""
    return network(momentum=0.1)
