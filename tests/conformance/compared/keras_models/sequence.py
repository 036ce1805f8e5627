"""The same of sequences whose features come first, turned, since Keras's convolutions take them last."""

import keras
from keras import layers


def build():
    sequence = keras.Input((5, 11))
    x = layers.Conv1D(6, 3)(layers.Permute((2, 1))(sequence))
    x = layers.ReLU()(layers.BatchNormalization()(x))
    return keras.Model(sequence, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))
