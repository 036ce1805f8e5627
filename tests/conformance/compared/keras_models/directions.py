"""Classifiers over time: two stacked layers in both directions, and a GRU that resets before its product."""

import keras
from keras import layers


def classifier(*recurrent):
    return keras.Sequential([keras.Input((7,), dtype="int32"), layers.Embedding(19, 5), *recurrent, layers.Dense(3)])


def both():
    return classifier(
        layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
        layers.Bidirectional(layers.LSTM(4)),
    )


def gru_before():
    return classifier(layers.GRU(4, reset_after=False))
