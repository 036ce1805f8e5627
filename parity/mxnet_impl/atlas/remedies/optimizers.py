"""Owns what the atlas advises for MXNet about optimizers, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, t
from parity.mxnet_impl.atlas.remedies.building import DECAY, n, stepped
from parity.mxnet_impl.device import mxnet

nd, optimizer = mxnet.nd, mxnet.optimizer
EPSILON = 0.25


def _shrunk(_rule: Any, w: Any, _: int, rate: float) -> None:
    decay = DECAY
    w *= 1 - rate * decay


def _corrected(rule: Any, _w: Any, step: int, _rate: float) -> None:
    """Acts as if epsilon were added after the bias correction, as in torch."""
    rule.epsilon = EPSILON * (1 - 0.75**step) ** 0.5


def written(mean: bool, eps: float) -> Answer:
    """torch's rule written out: epsilon outside the root."""

    def answer(inputs: Inputs) -> list[float]:
        w, s, trajectory = nd.ones(1), nd.zeros(1), []
        for rate, g in zip(inputs["rates"], t(inputs["gradients"]), strict=True):
            s = 0.75 * s + 0.25 * g * g if mean else s + g * g
            w -= float(rate) * g / (nd.sqrt(s) + eps)
            trajectory.append(float(w.asscalar()))
        return trajectory

    return answer


def _guarded(x: Any, threshold: float) -> Array:
    norm = x.norm()
    return n(x * (threshold / nd.maximum(norm, threshold)))


REMEDIES: Mapping[str, Answer] = {
    "sgd.decay@keras": stepped(lambda: optimizer.SGD(momentum=0.5), _shrunk),
    "adam.decay@keras": stepped(lambda: optimizer.Adam(beta1=0.5, beta2=0.75, epsilon=2.0**-40), _shrunk),
    "adam.decay@torch": stepped(lambda: optimizer.Adam(beta1=0.5, beta2=0.75, epsilon=2.0**-40, wd=0.25)),
    "adam.epsilon_form@torch": stepped(lambda: optimizer.Adam(beta1=0.5, beta2=0.75, epsilon=0.25), _corrected),
    "rmsprop.epsilon_form@torch": written(True, 0.25),
    "adagrad.epsilon_form@torch": written(False, 0.25),
    "clip_norm.guard@alike": lambda inputs: _guarded(t(inputs["x"]), float(inputs["threshold"])),
}
