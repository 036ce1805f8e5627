"""Right ports of the models of planted_torch, as people write them in Keras."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers, ops


def norm(name: str, **how: Any) -> layers.Layer:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=name, **how)


def bottleneck(x: Any, width: int, stride: int, name: str, momentum: float = 0.9) -> Any:
    y = layers.Conv2D(width, 1, use_bias=False, name=f"{name}_conv1")(x)
    y = layers.ReLU()(norm(f"{name}_bn1")(y))
    y = layers.ZeroPadding2D(1)(y)
    y = layers.Conv2D(width, 3, stride, use_bias=False, name=f"{name}_conv2")(y)
    y = layers.ReLU()(layers.BatchNormalization(momentum=momentum, epsilon=1e-5, name=f"{name}_bn2")(y))
    y = norm(f"{name}_bn3")(layers.Conv2D(4 * width, 1, use_bias=False, name=f"{name}_conv3")(y))
    short = x
    if x.shape[-1] != 4 * width:
        short = norm(f"{name}_down_bn")(layers.Conv2D(4 * width, 1, stride, use_bias=False, name=f"{name}_down")(x))
    return layers.ReLU()(layers.Add()([y, short]))


def resnet(momentum: float = 0.9) -> keras.Model:
    i = keras.Input((13, 13, 3))
    x = layers.Conv2D(8, 3, 2, use_bias=False, name="stem")(layers.ZeroPadding2D(1)(i))
    x = layers.ReLU()(norm("norm")(x))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    x = bottleneck(bottleneck(x, 4, 1, "block1"), 6, 2, "block2", momentum)
    x = bottleneck(x, 6, 1, "block3")
    x = layers.Dropout(0.4)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(i, layers.Dense(5, name="head")(x))


class UNet(keras.Model):
    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.how = how
        self.enter, self.deep = layers.Conv2D(6, 3, padding="same"), layers.Conv2D(10, 3, padding="same")
        self.norm = layers.GroupNormalization(2, epsilon=how.get("epsilon", 1e-5))
        self.up, self.merge = layers.Conv2D(6, 1), layers.Conv2D(6, 3, padding="same")
        self.leave = layers.Conv2D(2, 1)

    def call(self, x: Any) -> Any:
        skip = keras.activations.leaky_relu(self.enter(x), self.how.get("slope", 0.01))
        y = ops.max_pool(skip, 2, 2)
        y = keras.activations.elu(self.norm(self.deep(y)))
        y = ops.repeat(ops.repeat(y, 2, 1), 2, 2)
        y = self.merge(ops.concatenate([skip, self.up(y)], -1))
        return self.leave(ops.relu(y))


def unet(**how: Any) -> keras.Model:
    return UNet(**how)


class Attention(layers.Layer):
    def __init__(self, size: int = 8, heads: int = 2, **how: Any) -> None:
        super().__init__()
        self.heads, self.size, self.how = heads, size, how
        self.qkv, self.proj = layers.Dense(3 * size), layers.Dense(size)

    def call(self, x: Any) -> Any:
        n, t = ops.shape(x)[0], ops.shape(x)[1]
        width = self.size // self.heads
        q, k, v = (
            ops.transpose(ops.reshape(part, (n, t, self.heads, width)), (0, 2, 1, 3)) for part in ops.split(self.qkv(x), 3, -1)
        )
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / math.sqrt(width)
        seen = ops.tril(ops.ones((t, t), x.dtype))
        scores = ops.where(ops.cast(seen, "bool"), scores, ops.cast(-1e9, x.dtype))
        y = ops.transpose(ops.matmul(ops.softmax(scores, -1), v), (0, 2, 1, 3))
        return self.proj(ops.reshape(y, (n, t, self.size)))


class Decoder(keras.Model):
    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.how = how
        self.words = layers.Embedding(11, 8)
        self.norm1 = layers.LayerNormalization(epsilon=how.get("epsilon", 1e-5))
        self.norm2, self.last = layers.LayerNormalization(epsilon=1e-5), layers.LayerNormalization(epsilon=1e-5)
        self.attention, self.drop = Attention(), layers.Dropout(0.1)
        self.wide, self.back, self.head = layers.Dense(16), layers.Dense(8), layers.Dense(11)

    def call(self, words: Any, training: bool = False) -> Any:
        x = self.words(words) * math.sqrt(8)
        t = ops.shape(x)[1]
        at = ops.cast(ops.arange(t), x.dtype)[:, None]
        speed = ops.cast(
            ops.convert_to_tensor([math.exp(-math.log(10000.0) * n / 8) for n in range(0, 8, 2)], x.dtype), x.dtype
        )
        angle = at * speed
        places = ops.reshape(ops.stack([ops.sin(angle), ops.cos(angle)], -1), (t, 8))
        x = self.drop(x + places, training=training)
        x = x + self.attention(self.norm1(x))
        y = keras.activations.gelu(self.wide(self.norm2(x)), approximate=bool(self.how.get("tanh")))
        return self.head(self.last(x + self.back(y)))


def decoder(**how: Any) -> keras.Model:
    return Decoder(**how)


class Waves(keras.Model):
    def __init__(self, dilation: int = 2, **how: Any) -> None:
        super().__init__()
        self.how = how
        self.filter = layers.Conv1D(12, 2, dilation_rate=dilation, padding=how.get("padding", "causal"))
        self.skip, self.out = layers.Conv1D(4, 1), layers.Conv1D(3, 1)

    def call(self, x: Any) -> Any:
        a, b = ops.split(self.filter(x), 2, -1)
        return self.out(x + self.skip(ops.tanh(a) * ops.sigmoid(b)))


def waves(**how: Any) -> keras.Model:
    return Waves(**how)


class Squeezed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.expand, self.norm1 = layers.Conv2D(12, 1, use_bias=False), norm("norm1")
        self.pad = layers.ZeroPadding2D(1)
        self.deep, self.norm2 = layers.DepthwiseConv2D(3, 2, use_bias=False), norm("norm2")
        self.down, self.back = layers.Dense(3, activation="relu"), layers.Dense(12, activation="hard_sigmoid")
        self.project, self.head = layers.Conv2D(6, 1), layers.Dense(3)

    def call(self, x: Any, training: bool = False) -> Any:
        y = ops.hard_swish(self.norm1(self.expand(x), training=training))
        y = self.norm2(self.deep(self.pad(y)), training=training)
        y = y * self.back(self.down(ops.mean(y, (1, 2))))[:, None, None, :]
        return self.head(ops.mean(self.project(ops.hard_swish(y)), (1, 2)))


def squeezed() -> keras.Model:
    return Squeezed()


def tagger(**how: Any) -> keras.Model:
    i = keras.Input((6,), dtype="int32")
    y = layers.Embedding(11, 6)(i)
    y = layers.Bidirectional(layers.LSTM(5), merge_mode="concat")(y)
    y = layers.LayerNormalization(epsilon=how.get("epsilon", 1e-5), center=False, scale=False)(y)
    return keras.Model(i, layers.Dense(3)(y))
