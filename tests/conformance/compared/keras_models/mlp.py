"""A perceptron with two hidden layers: sequential, functional, and as a class."""

import keras
from keras import layers


def build():
    return keras.Sequential(
        [keras.Input((13,)), layers.Dense(11, activation="relu"), layers.Dense(7, activation="relu"), layers.Dense(3)]
    )


def functional():
    x = inputs = keras.Input((13,))
    for units in (11, 7):
        x = layers.ReLU()(layers.Dense(units)(x))
    return keras.Model(inputs, layers.Dense(3)(x))


class Perceptron(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(11, activation="relu")
        self.second = layers.Dense(7, activation="relu")
        self.last = layers.Dense(3)

    def call(self, x):
        return self.last(self.second(self.first(x)))


INPUTS = ["5x13"]


def subclassed():
    return Perceptron()


def nothing():
    build()
