"""An LSTM classifier; `ported` steps the LSTM by hand and takes the gates in the order input, forget, output, cell."""

import keras
from keras import layers, ops


class OwnLSTM(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 4 * self.units), name="kernel")
        self.recurrent = self.add_weight(shape=(self.units, 4 * self.units), name="recurrent")
        self.bias = self.add_weight(shape=(4 * self.units,), initializer="zeros", name="bias")

    def call(self, x):
        hidden = cell = ops.zeros((x.shape[0] or 1, self.units), x.dtype)
        for time in range(x.shape[1]):
            gates = ops.matmul(x[:, time], self.kernel) + ops.matmul(hidden, self.recurrent) + self.bias
            enter, forget, leave, new = ops.split(gates, 4, axis=-1)
            cell = ops.sigmoid(forget) * cell + ops.sigmoid(enter) * ops.tanh(new)
            hidden = ops.sigmoid(leave) * ops.tanh(cell)
        return hidden


INPUTS = ["3x7:0..18"]


class Classifier(keras.Model):
    def __init__(self, recurrent):
        super().__init__()
        self.embedding = layers.Embedding(19, 5)
        self.recurrent = recurrent
        self.head = layers.Dense(4)

    def call(self, tokens):
        return self.head(self.recurrent(self.embedding(tokens)))


def build():
    return Classifier(layers.LSTM(6))


def ported():
    return Classifier(OwnLSTM(6))
