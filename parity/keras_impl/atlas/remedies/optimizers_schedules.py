"""Owns what the atlas advises for Keras about schedules, and the states that optimizers start with, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras.optimizers import schedules

from parity.keras_impl.atlas.asking import Answer, Inputs, patience, plateau, rates


def _improved(_: Inputs) -> float:
    callback = plateau(min_delta=0.01)
    for epoch, loss in enumerate((100.0, 99.995)):
        callback.on_epoch_end(epoch, {"loss": loss})
    return float(callback.best < 100.0)


REMEDIES: Mapping[str, Answer] = {
    "exponential_decay.between@torch": lambda _: rates(schedules.ExponentialDecay(1.0, 2, 0.5, staircase=True), 4),
    "multi_step_decay.boundary@torch": lambda _: rates(schedules.PiecewiseConstantDecay([2 - 1], [1.0, 0.5]), 4),
    "cosine_decay.end_means@torch": lambda _: rates(schedules.CosineDecay(0.5, 4, alpha=0.25 / 0.5), 5)[4],
    "warmup.first@mxnet": lambda _: rates(schedules.CosineDecay(1 / 4, 2**30, warmup_target=1.0, warmup_steps=3), 4),
    "plateau.patience_means@torch": lambda _: patience(2 + 1),
    "plateau.threshold@torch": _improved,
}
