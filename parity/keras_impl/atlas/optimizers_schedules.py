"""Owns Keras's answers to the atlas about schedules, and the states that optimizers start with.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops, optimizers
from keras.optimizers import schedules

from parity.keras_impl.atlas.asking import Answer, Inputs, optimized, patience, plateau, rates


def _improved(_: Inputs) -> float:
    callback = plateau()
    for epoch, loss in enumerate((100.0, 99.995)):
        callback.on_epoch_end(epoch, {"loss": loss})
    return float(callback.best < 100.0)


def moved(optimizer: Any, gradient: float) -> float:
    """How far the first step moves a weight."""
    w = keras.Variable(np.zeros(1), dtype="float64")
    optimizer.build([w])
    optimizer.apply([ops.full((1,), gradient, "float64")])
    return -float(w.numpy()[0])


def _adadelta(_: Inputs) -> list[float]:
    """Both initial mean squares. With ρ = 3/4, ε = 1 and the gradients 1 and 2, (gradient/move)² is
    (ρ·start + gradient²/4 + 1)/(start of the updates' mean square + 1)."""
    first, second = ((g / moved(optimizers.Adadelta(1.0, rho=0.75, epsilon=1.0), g)) ** 2 for g in (1.0, 2.0))
    divisor = 0.75 / (second - first)
    return [round((first * divisor - 1.25) / 0.75, 4) + 0.0, round(divisor - 1, 4) + 0.0]


def _rmsprop(_: Inputs) -> float:
    return round((moved(optimizers.RMSprop(1.0, rho=0.75, epsilon=2.0**-80), 1.0) ** -2 - 0.25) / 0.75, 4) + 0.0


ANSWERS: Mapping[str, Answer] = {
    "exponential_decay.between": lambda _: rates(schedules.ExponentialDecay(1.0, 2, 0.5), 4),
    "multi_step_decay.boundary": lambda _: rates(schedules.PiecewiseConstantDecay([2], [1.0, 0.5]), 4),
    "cosine_decay.beyond": lambda _: rates(schedules.CosineDecay(1.0, 4), 7)[6],
    "cosine_decay.end_means": lambda _: rates(schedules.CosineDecay(0.5, 4, alpha=0.25), 5)[4],
    "warmup.first": lambda _: rates(schedules.CosineDecay(0.0, 2**20, warmup_target=1.0, warmup_steps=4), 4),
    "plateau.patience_means": lambda _: patience(2),
    "plateau.threshold": _improved,
    "adam.amsgrad_maximum": optimized(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=2.0**-40, amsgrad=True)),
    "rmsprop.mean_square_start": _rmsprop,
    "adadelta.mean_square_start": _adadelta,
    "cosine_decay.rates": lambda _: rates(schedules.CosineDecay(1.0, 4), 4),
    "polynomial_decay.rates": lambda _: rates(schedules.PolynomialDecay(1.0, 4, 0.0), 4),
}
