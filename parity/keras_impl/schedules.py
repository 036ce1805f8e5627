"""Owns the table of schedules: a line per schedule spec with the native schedule; and the learning rates of steps with it.

It refuses to compute a rate: each is read from the step that keras.optimizers.SGD took.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from parity.execution.protocol import Array, Unsupported
from parity.spec.cases import Case

native = keras.optimizers.schedules
Hyperparameters = Mapping[str, float]


def _multi_step(h: Hyperparameters) -> Any:
    """In Keras, a boundary is the last step of the rate before it."""
    values = [h["learning_rate"] * h["decay"] ** number for number in range(3)]
    return native.PiecewiseConstantDecay([int(h["first"]) - 1, int(h["second"]) - 1], values)


TABLE: Mapping[str, Callable[[Hyperparameters], Any]] = {
    "step": lambda h: native.ExponentialDecay(h["learning_rate"], h["size"], h["decay"], staircase=True),
    "multi_step": _multi_step,
    "exponential": lambda h: native.ExponentialDecay(h["learning_rate"], 1, h["decay"]),
    "polynomial": lambda h: native.PolynomialDecay(h["learning_rate"], h["steps"], 0.0, h["power"]),
    "cosine": lambda h: native.CosineDecay(h["learning_rate"], h["steps"], h["least"]),
    "linear_warm_up": lambda h: native.PolynomialDecay(
        h["learning_rate"] / h["steps"], h["steps"] - 1, h["learning_rate"], 1.0
    ),
}


def rates(case: Case) -> Array:
    """The learning rate of each step: the weight after a step from 0 on a gradient of -1."""
    if case.optimizer not in TABLE:
        raise Unsupported(f"no native form of the schedule {case.optimizer}")
    weight = keras.Variable(0.0, dtype=case.dtype)
    optimizer = keras.optimizers.SGD(TABLE[case.optimizer](case.hyperparameters))
    arrays = []
    for _ in range(case.steps):
        weight.assign(ops.zeros_like(weight.value))
        optimizer.apply([-ops.ones((), case.dtype)], [weight])
        arrays.append(np.array(ops.convert_to_numpy(weight.value)))
    return np.stack(arrays)
