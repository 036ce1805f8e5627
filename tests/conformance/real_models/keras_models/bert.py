"""The encoder of `transformer_like` with layers of its own: get_config, build, call(training), tables in and out."""

from __future__ import annotations

import json

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="mine")
class SelfAttention(layers.Layer):
    def __init__(self, heads, **kwargs):
        super().__init__(**kwargs)
        self.heads = heads

    def build(self, shape):
        size = shape[-1]
        self.query, self.key, self.value, self.out = (layers.Dense(size, name=n) for n in ("query", "key", "value", "out"))
        for one in (self.query, self.key, self.value, self.out):
            one.build(shape)
        super().build(shape)

    def _split(self, x):
        return ops.transpose(ops.reshape(x, (*x.shape[:2], self.heads, x.shape[-1] // self.heads)), (0, 2, 1, 3))

    def call(self, x, mask=None):
        query, key, value = (self._split(one(x)) for one in (self.query, self.key, self.value))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / ops.sqrt(ops.cast(query.shape[-1], query.dtype))
        if mask is not None:
            scores = scores + mask
        context = ops.transpose(ops.matmul(ops.softmax(scores), value), (0, 2, 1, 3))
        return self.out(ops.reshape(context, x.shape))

    def get_config(self):
        return {**super().get_config(), "heads": self.heads}


@keras.saving.register_keras_serializable(package="mine")
class EncoderLayer(layers.Layer):
    def __init__(self, heads, width, epsilon, rate=0.1, approximate=False, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.width, self.epsilon, self.rate, self.approximate = heads, width, epsilon, rate, approximate
        self.attention = SelfAttention(heads)
        self.attention_norm = layers.LayerNormalization(epsilon=epsilon)
        self.intermediate = layers.Dense(width)
        self.output_norm = layers.LayerNormalization(epsilon=epsilon)

    def build(self, shape):
        self.attention.build(shape)
        self.attention_norm.build(shape)
        self.intermediate.build(shape)
        self.final = layers.Dense(shape[-1])
        self.final.build((*shape[:-1], self.width))
        self.output_norm.build(shape)
        super().build(shape)

    def call(self, x, mask=None, training=False):
        x = self.attention_norm(self.attention(x, mask=mask) + x)
        y = self.final(keras.activations.gelu(self.intermediate(x), approximate=self.approximate))
        return self.output_norm(y + x)

    def get_config(self):
        known = {name: getattr(self, name) for name in ("heads", "width", "epsilon", "rate", "approximate")}
        return {**super().get_config(), **known}


class Bert(keras.Model):
    def __init__(self, config, approximate=False):
        super().__init__()
        size, epsilon = config["hidden_size"], config["layer_norm_eps"]
        self.words = layers.Embedding(config["vocab_size"], size)
        self.positions = layers.Embedding(config["max_position_embeddings"], size)
        self.types = layers.Embedding(config["type_vocab_size"], size)
        self.norm = layers.LayerNormalization(epsilon=epsilon)
        self.dropout = layers.Dropout(config["hidden_dropout_prob"])
        heads, width = config["num_attention_heads"], config["intermediate_size"]
        count = config["num_hidden_layers"]
        self.encoder = [EncoderLayer(heads, width, epsilon, approximate=approximate) for _ in range(count)]
        self.pooler = layers.Dense(size, activation="tanh")

    def call(self, inputs, training=False):
        ids = inputs["input_ids"]
        x = self.words(ids) + self.types(inputs["token_type_ids"]) + self.positions(ops.arange(ids.shape[1]))[None]
        x = self.dropout(self.norm(x), training=training)
        mask = (1.0 - ops.cast(inputs["attention_mask"], x.dtype)[:, None, None, :]) * -10000.0
        for layer in self.encoder:
            x = layer(x, mask=mask, training=training)
        return {"pooler_output": self.pooler(x[:, 0]), "last_hidden_state": x}


def from_config(path="config.json", approximate=False):
    with open(path, encoding="utf-8") as file:
        return Bert(json.load(file), approximate)
