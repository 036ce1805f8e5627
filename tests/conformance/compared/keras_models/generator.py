"""A row of noise becomes an image: a dense layer, reshaped, transposed convolutions with `same` padding."""

import keras
from keras import layers


def generator(kernel):
    return keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(4 * 3 * 6),
            layers.Reshape((4, 3, 6)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(4, kernel, 2, "same", activation="relu"),
            layers.Conv2DTranspose(2, 4, 2, "same", activation="tanh"),
        ]
    )


def build():
    return generator(4)


def shifted():
    return generator(3)
