"""Code between layers: the counterparts of torch_models/code.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
from keras import layers, ops


class Between(keras.Model):
    """Two layers, and a function of what the first gives, which knows whether the model trains."""

    def __init__(self, function: Callable[..., Any], first: Any, second: Any) -> None:
        super().__init__()
        self.function, self.first, self.second = function, first, second

    def call(self, x: Any, training: bool = False) -> Any:
        return self.second(self.function(self.first(x), training))


def rows(function: Callable[..., Any], units: int = 8) -> Callable[[], keras.Model]:
    return lambda: Between(function, layers.Dense(units), layers.Dense(3))


def images(function: Callable[..., Any]) -> Callable[[], keras.Model]:
    return lambda: Between(function, layers.Conv2D(4, 1), layers.Conv2D(2, 2))


def masked(h: Any, training: bool) -> Any:
    return h * ops.cast(keras.random.uniform(ops.shape(h)) > 0.25, h.dtype) / 0.75 if training else h


def gated(h: Any, _: bool, exchanged: bool) -> Any:
    value, gate = ops.split(h, 2, -1)[::-1] if exchanged else ops.split(h, 2, -1)
    return value * ops.sigmoid(gate)


drops = rows(lambda h, training: keras.random.dropout(h, 0.25) if training else h)
always = rows(lambda h, _: keras.random.dropout(h, 0.25))
by_hand = rows(masked)
skips, straight = (rows(lambda h, _, skip=skip: ops.tanh(h) + h if skip else ops.tanh(h)) for skip in (True, False))
gate_last, gate_first = (rows(partial(gated, exchanged=way), 16) for way in (False, True))
padded_before = images(lambda h, _: ops.pad(h, [[0, 0], [1, 0], [1, 0], [0, 0]]))
not_counting = images(lambda h, _: ops.average_pool(h, 3, 1, "same"))
free = images(lambda h, _: ops.image.resize(h, (2 * h.shape[1], 2 * h.shape[2]), interpolation="bilinear"))
