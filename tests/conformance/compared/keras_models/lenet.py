"""LeNet as people write it, to be held against the spec; `rectified` has another activation in one place."""

import keras
from keras import layers


class LeNet(keras.Model):
    def __init__(self, second="sigmoid"):
        super().__init__()
        self.all = [
            layers.Conv2D(6, 5, padding="same", activation="sigmoid"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation=second),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="sigmoid"),
            layers.Dense(84, activation="sigmoid"),
            layers.Dense(10),
        ]

    def call(self, x):
        for layer in self.all:
            x = layer(x)
        return x


def build():
    return LeNet()


def rectified():
    return LeNet("relu")
