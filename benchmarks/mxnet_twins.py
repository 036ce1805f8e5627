"""The networks of specs/suites/speed.yaml as a good user of MXNet writes them: Gluon blocks, hybridized with static memory.

`parity bench NAME --twin benchmarks` alternates the steps of both in one process. Nothing here imports parity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import mxnet
import numpy as np
from mxnet.gluon import Block, HybridBlock, Trainer, nn, rnn
from mxnet.gluon.loss import SoftmaxCrossEntropyLoss

MODES = ("compiled", "eager")


def lenet_relu() -> Block:
    made = nn.HybridSequential()
    made.add(nn.Conv2D(6, 5, padding=2, activation="relu", in_channels=1), nn.AvgPool2D())
    made.add(nn.Conv2D(16, 5, activation="relu", in_channels=6), nn.AvgPool2D(), nn.Flatten())
    made.add(nn.Dense(120, activation="relu", in_units=400), nn.Dense(84, activation="relu", in_units=120))
    made.add(nn.Dense(10, in_units=84))
    return made


class Basic(HybridBlock):
    def __init__(self, given: int, filters: int, stride: int) -> None:
        super().__init__()
        settings = {"use_bias": False}
        self.conv1 = nn.Conv2D(filters, 3, stride, 1, in_channels=given, **settings)
        self.norm1 = nn.BatchNorm(in_channels=filters)
        self.conv2 = nn.Conv2D(filters, 3, 1, 1, in_channels=filters, **settings)
        self.norm2 = nn.BatchNorm(in_channels=filters)
        self.shortcut = self.norm3 = None
        if stride > 1:
            self.shortcut = nn.Conv2D(filters, 1, stride, in_channels=given, **settings)
            self.norm3 = nn.BatchNorm(in_channels=filters)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(y + (x if self.shortcut is None else self.norm3(self.shortcut(x))))


def resnet18_small_images() -> Block:
    made = nn.HybridSequential()
    made.add(nn.Conv2D(64, 3, 1, 1, use_bias=False, in_channels=3), nn.BatchNorm(in_channels=64), nn.Activation("relu"))
    for given, filters, stride in (
        *((64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1)),
        *((128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1)),
    ):
        made.add(Basic(given, filters, stride))
    made.add(nn.GlobalAvgPool2D(), nn.Flatten(), nn.Dense(10, in_units=512))
    return made


class Recurrent(HybridBlock):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = rnn.LSTM(256, 2, layout="NTC", input_size=256)
        self.logits = nn.Dense(10, in_units=256)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.logits(F.squeeze(F.slice_axis(self.lstm(x), axis=1, begin=-1, end=None), axis=1))


def lstm_classifier() -> Block:
    return Recurrent()


class EncoderLayer(HybridBlock):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Dense(256, flatten=False, in_units=256) for _ in range(4))
        self.norm1 = nn.LayerNorm(epsilon=1e-5, in_channels=256)
        self.inner, self.outer = nn.Dense(1024, flatten=False, in_units=256), nn.Dense(256, flatten=False, in_units=1024)
        self.norm2 = nn.LayerNorm(epsilon=1e-5, in_channels=256)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        def split(t: Any) -> Any:
            return F.reshape(F.transpose(F.reshape(t, (0, 0, 4, 64)), (0, 2, 1, 3)), (-3, 0, 0))

        scores = F.batch_dot(split(self.query(x)), split(self.key(x)), transpose_b=True) / math.sqrt(64)
        mixed = F.reshape(F.batch_dot(F.softmax(scores), split(self.value(x))), (-4, -1, 4, 0, 0))
        x = self.norm1(x + self.out(F.reshape(F.transpose(mixed, (0, 2, 1, 3)), (0, 0, -3))))
        return self.norm2(x + self.outer(F.relu(self.inner(x))))


class Encoder(HybridBlock):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.HybridSequential()
        self.layers.add(*(EncoderLayer() for _ in range(4)))
        self.logits = nn.Dense(10, in_units=256)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.logits(F.mean(self.layers(x), axis=1))


def transformer_encoder() -> Block:
    return Encoder()


NETWORKS = {made.__name__: made for made in (lenet_relu, resnet18_small_images, lstm_classifier, transformer_encoder)}


def optimizer_of(name: str, h: Mapping[str, float]) -> Any:
    if name == "adam":
        return mxnet.optimizer.Adam(h["learning_rate"], h["beta_1"], h["beta_2"], h["epsilon"])
    return mxnet.optimizer.SGD(learning_rate=h["learning_rate"], momentum=h["momentum"])


class Twin:
    """A model, its trainer and its step. MXNet has no further mode that is better on a CPU: `best` changes nothing."""

    def __init__(self, network: str, mode: str, optimizer: str, hyperparameters: Mapping[str, float]) -> None:
        self.model, self.loss = NETWORKS[network](), SoftmaxCrossEntropyLoss()
        self.model.initialize()
        if mode != "eager":
            self.model.hybridize(static_alloc=True, static_shape=True)
            self.loss.hybridize(static_alloc=True, static_shape=True)
        self.trainer = Trainer(self.model.collect_params(), optimizer_of(optimizer, hyperparameters))

    def place(self, batch: Mapping[str, Any]) -> tuple[Any, Any]:
        (name,) = set(batch) - {"label"}
        given = (batch[name], batch["label"])
        return tuple(
            mxnet.nd.array(np.asarray(array), dtype=kind) for array, kind in zip(given, ("float32", "int32"), strict=True)
        )

    def step(self, batch: tuple[Any, Any]) -> Any:
        x, labels = batch
        with mxnet.autograd.record():
            loss = self.loss(self.model(x), labels)
        loss.backward()
        self.trainer.step(len(x))
        return loss

    def synchronize(self) -> None:
        mxnet.nd.waitall()

    def take(self, realization: Any) -> None:
        """Starts from the realization's weights: those of one shape and role in the order in which both have them."""
        rest = [item for _, natives in realization._parts.held.values() for item in natives.values()]
        rest = list({id(item): item for item in rest}.values())
        for name, own in self.model.collect_params().items():
            found = (place for place, other in enumerate(rest) if other.shape == own.shape and _role(other.name) == _role(name))
            own.set_data(rest.pop(next(found)).data())


def _role(name: str) -> str:
    return name.rsplit("_", 1)[-1]


def twin(network: str, mode: str, optimizer: str, hyperparameters: Mapping[str, float], best: bool = False) -> Twin:
    """The twin of a network's realization in a mode."""
    return Twin(network, mode, optimizer, hyperparameters)
