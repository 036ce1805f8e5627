"""Convolutions at stride 2: `build` with `same`, `ported` pads on both sides alike, as torch does."""

import keras
from keras import layers


def network(symmetric, activation="relu"):
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(5, 3, padding="same", activation="relu")(inputs)
    if symmetric:
        x = layers.Conv2D(7, 3, strides=2, activation=activation)(layers.ZeroPadding2D(1)(x))
    else:
        x = layers.Conv2D(7, 3, strides=2, padding="same", activation=activation)(x)
    return keras.Model(inputs, layers.Dense(4)(layers.Flatten()(x)))


def build():
    return network(symmetric=False)


def ported():
    return network(symmetric=True)
