"""Functional models of several inputs: the recommender with a table of inputs, the tagger with one."""

from __future__ import annotations

import keras
from keras import layers


def recommender(users=11, items=13, dim=6):
    inputs = {
        "user": keras.Input((), dtype="int32", name="user"),
        "item": keras.Input((), dtype="int32", name="item"),
        "context": keras.Input((4,), name="context"),
        "known": keras.Input((1,), dtype="bool", name="known"),
    }
    context = layers.Dense(dim, activation="relu")(inputs["context"]) * keras.ops.cast(inputs["known"], keras.config.floatx())
    user, item = layers.Embedding(users, dim)(inputs["user"]), layers.Embedding(items, dim)(inputs["item"])
    hidden = layers.Concatenate()([user, item, context])
    return keras.Model(inputs, {"click": layers.Dense(2)(hidden), "rating": layers.Dense(1)(hidden)})


def tagger(hidden, tags, bidirectional=False, vocabulary=29):
    tokens = keras.Input((None,), dtype="int32")
    rnn = layers.LSTM(hidden, return_sequences=True)
    rnn = layers.Bidirectional(rnn) if bidirectional else rnn
    return keras.Model(tokens, layers.Dense(tags)(rnn(layers.Embedding(vocabulary, 8)(tokens))))
