"""Owns what Keras's defaults do, as numbers. Each takes the setting that the atlas advises; everything else is made equal.

It refuses to know the setting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import initializers, layers, losses, ops, optimizers
from keras.optimizers import schedules

from parity.keras_impl import model
from parity.keras_impl.atlas.answers import Answer, Inputs
from parity.keras_impl.atlas.remedies.layers import BATCH, IMAGE, ROWS, first, last
from parity.keras_impl.atlas.steps import rates

TINY = 2.0**-40
WIDE = (np.arange(2 * 32 * 4, dtype=np.float32) * 7 % 61).reshape(2, 32, 2, 2)


def setting(function: Callable[..., Any]) -> Answer:
    """Calls `function(argument=value)` with the setting given; without a setting, the function uses its own defaults."""

    def answer(inputs: Inputs) -> Any:
        return function(**json.loads(bytes(inputs["setting"]).decode()) if "setting" in inputs else {})

    return answer


def moves(make: Callable[..., Any], gradients: tuple[float, ...] = (0.5, 0.25, -1.0), **fixed: Any) -> Answer:
    """A float32 weight after three steps from 1."""

    def places(**arguments: Any) -> list[float]:
        w, optimizer, seen = keras.Variable(np.ones(1, np.float32)), make(**{**fixed, **arguments}), []
        optimizer.build([w])
        for gradient in gradients:
            optimizer.apply([ops.full((1,), gradient)])
            seen.append(float(w.numpy()[0]))
        return seen

    return setting(places)


def _spread(**arguments: Any) -> float:
    keras.utils.set_random_seed(0)
    return float(f"{model.array(initializers.RandomNormal(**arguments)((100_000,))).std():.1e}")


def _gain(**arguments: float) -> float:
    return float((model.array(initializers.Orthogonal(**arguments)((8, 8))) ** 2).sum() ** 0.5 / 8**0.5)


def _decayed(**arguments: float) -> float:
    w, optimizer = keras.Variable(np.ones((2, 2), np.float32)), optimizers.Muon(learning_rate=0.5, **arguments)
    optimizer.build([w])
    optimizer.apply([ops.zeros((2, 2))])
    return float(w.numpy()[0, 0])


def _ignored(**arguments: int) -> Any:
    logits, labels = ops.convert_to_tensor([[0.5, -1.0, 3.0], [1.0, 2.0, 0.0]]), np.array([0, -100])
    return losses.SparseCategoricalCrossentropy(from_logits=True, **arguments)(labels, logits)


FTRL: dict[str, Any] = {"initial_accumulator_value": 0.0}
DEFAULTS: Mapping[str, Answer] = {
    "batch_norm.epsilon@default": setting(lambda **a: layers.BatchNormalization(**a)(ROWS, training=True)),
    "layer_norm.epsilon@default": setting(lambda **a: layers.LayerNormalization(**a)(ROWS)),
    "group_norm.epsilon@default": setting(lambda **a: first(layers.GroupNormalization(1, **a)(last(BATCH)))),
    "group_norm.groups@default": setting(lambda **a: first(layers.GroupNormalization(epsilon=1e-3, **a)(last(WIDE)))),
    "max_pool2d.kernel@default": setting(lambda **a: layers.MaxPooling2D(**a)(IMAGE)),
    "average_pool2d.kernel@default": setting(lambda **a: layers.AveragePooling2D(**a)(IMAGE)),
    "upsample.factor@default": setting(lambda **a: layers.UpSampling2D(**a)(IMAGE)),
    "zero_pad2d.padding@default": setting(lambda **a: layers.ZeroPadding2D(**a)(IMAGE)),
    "dropout.rate@default": setting(lambda **a: ops.max(layers.Dropout(**a)(np.ones(1000, np.float32), training=True))),
    "leaky_relu.layer_slope@default": setting(lambda **a: layers.LeakyReLU(**a)(ROWS)),
    "normal.standard_deviation@default": setting(_spread),
    "orthogonal.gain@default": setting(_gain),
    "adagrad.start@default": moves(optimizers.Adagrad, learning_rate=0.5, epsilon=TINY),
    "rmsprop.learning_rate@default": moves(optimizers.RMSprop, rho=0.75, epsilon=TINY),
    "rmsprop.rho@default": moves(optimizers.RMSprop, learning_rate=0.5, epsilon=TINY),
    "adadelta.rho@default": moves(optimizers.Adadelta, learning_rate=1.0, epsilon=0.25),
    "adadelta.epsilon@default": moves(optimizers.Adadelta, learning_rate=1.0, rho=0.75),
    "adamw.weight_decay@default": moves(optimizers.AdamW, learning_rate=0.5, beta_1=0.5, beta_2=0.75, epsilon=TINY),
    "adamax.learning_rate@default": moves(optimizers.Adamax, beta_1=0.5, beta_2=0.75, epsilon=0.0),
    "nadam.learning_rate@default": moves(optimizers.Nadam, beta_1=0.5, beta_2=0.75, epsilon=TINY),
    "nadam.epsilon@default": moves(optimizers.Nadam, (1e-6, 2e-6, 1e-6), learning_rate=0.5, beta_1=0.5, beta_2=0.75),
    "ftrl.learning_rate@default": moves(optimizers.Ftrl, beta=1.0, l1_regularization_strength=0.0, **FTRL),
    "ftrl.beta@default": moves(optimizers.Ftrl, learning_rate=0.5, l1_regularization_strength=0.0, **FTRL),
    "ftrl.start@default": moves(optimizers.Ftrl, learning_rate=0.5, beta=1.0, l1_regularization_strength=0.0),
    "ftrl.penalty_1@default": moves(optimizers.Ftrl, learning_rate=0.5, beta=1.0, **FTRL),
    "lamb.epsilon@default": moves(optimizers.Lamb, (1e-6, 2e-6, 1e-6), learning_rate=0.5, beta_1=0.5, beta_2=0.75),
    "adafactor.learning_rate@default": moves(optimizers.Adafactor),
    "muon.weight_decay@default": setting(_decayed),
    "exponential_decay.factor@default": setting(lambda **a: rates(schedules.ExponentialDecay(1.0, 2, staircase=True, **a), 4)),
    "polynomial_decay.power@default": setting(lambda **a: rates(schedules.PolynomialDecay(1.0, 4, 0.0, **a), 4)),
    "cross_entropy.ignored_label@default": setting(_ignored),
}
