"""Owns what the atlas advises for Keras about optimizers, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops, optimizers

from parity.keras_impl.atlas.asking import Answer, Inputs, t
from parity.keras_impl.atlas.remedies.building import Make, coupled, rescaled, stepped

EPSILON = 0.25


def _corrected(optimizer: Any, _w: Any, step: int, _rate: float, _last: float) -> float:
    """Acts as if epsilon were added after the bias correction, as in torch."""
    optimizer.epsilon = EPSILON * (1 - 0.75**step) ** 0.5
    return 0.0


def written(mean: bool, eps: float) -> Answer:
    """torch's rule written out: epsilon outside the root."""

    def answer(inputs: Inputs) -> list[float]:
        w, s, trajectory = ops.ones(1), ops.zeros(1), []
        for rate, g in zip(t(inputs["rates"]), t(inputs["gradients"]), strict=True):
            s = 0.75 * s + 0.25 * g * g if mean else s + g * g
            w -= rate * g / (ops.sqrt(s) + eps)
            trajectory.append(float(w[0]))
        return trajectory

    return answer


def _guarded(x: Any, threshold: float) -> Any:
    norm = ops.norm(x)
    return x * (threshold / ops.maximum(norm, threshold))


def _one_rate(make: Make) -> Answer:
    return lambda inputs: stepped(make)({**inputs, "rates": np.ones(3)})


REMEDIES: Mapping[str, Answer] = {
    "sgd.velocity@torch": stepped(lambda: optimizers.SGD(momentum=0.5), rescaled),
    "sgd.nesterov_form@torch": stepped(lambda: optimizers.SGD(momentum=0.5, nesterov=True), rescaled),
    "sgd.decay@torch": stepped(lambda: optimizers.SGD(momentum=0.5), coupled),
    "adam.decay@torch": stepped(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=2.0**-40), coupled),
    "adam.decay@keras": stepped(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=2.0**-40, weight_decay=0.25)),
    "adam.epsilon_form@torch": stepped(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=0.25), _corrected),
    "rmsprop.epsilon_form@torch": written(True, 0.25),
    "adagrad.epsilon_form@torch": written(False, 0.25),
    "adadelta.rate@mxnet": _one_rate(lambda: optimizers.Adadelta(learning_rate=1.0, rho=0.75, epsilon=0.25)),
    "adamax.form@mxnet": stepped(lambda: optimizers.Adamax(beta_1=0.5, beta_2=0.75, epsilon=0.0)),
    "clip_norm.guard@alike": lambda inputs: _guarded(t(inputs["x"]), float(inputs["threshold"])),
}
