"""A separable convolution, and behind it its shortcut."""

import keras
from keras import layers


def build():
    image = keras.Input((8, 9, 4))
    main = layers.BatchNormalization()(layers.SeparableConv2D(6, 3, padding="same")(image))
    shortcut = layers.BatchNormalization()(layers.Conv2D(6, 1, use_bias=False)(image))
    x = layers.ReLU()(layers.add([main, shortcut]))
    return keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
