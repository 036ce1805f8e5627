"""Owns what the atlas advises for Keras about default arguments, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import activations, initializers, layers, losses, ops, optimizers
from keras.optimizers import schedules

from parity.keras_impl import model
from parity.keras_impl.atlas.asking import Answer, Inputs, rates
from parity.keras_impl.atlas.remedies.building import BATCH, IMAGE, PLAIN, ROWS, SMALL, first, last, running

CUBE = (np.arange(24, dtype=np.float32) * 5 % 24).reshape(2, 3, 4)


def _bounds(start: Any) -> list[float]:
    w = model.array(start((100_000,)))
    return [round(float(w.min()), 3), round(float(w.max()), 3), round(float(w.std()), 3)]


def _counted(numerator: float, start: Any) -> int:
    """The variance of a large draw times `numerator`, rounded to a whole number that chance does not change."""
    keras.utils.set_random_seed(0)
    return round(float(model.array(start((101, 307))).var()) * numerator)


def small(optimizer: Any, gradient: float, before: Callable[[Any, int], None] = lambda *_: None) -> list[float]:
    """Weights after three steps on the same gradient; a small gradient makes epsilon visible."""
    w, trajectory = keras.Variable(np.zeros(1), dtype="float64"), []
    optimizer.build([w])
    for step in range(1, 4):
        before(optimizer, step)
        optimizer.apply([ops.full((1,), gradient, "float64")])
        trajectory.append(float(w.numpy()[0]))
    return trajectory


def _as_torch(optimizer: Any, step: int) -> None:
    """Sets Keras's epsilon before each step so that it acts as torch's default."""
    eps, beta_2 = 1e-8, 0.75
    optimizer.epsilon = eps * (1 - beta_2**step) ** 0.5


def _outside(mean: bool, rate: float, eps: float, g: float) -> list[float]:
    w, s, trajectory = 0.0, 0.0, []
    for _ in range(3):
        s = 0.75 * s + 0.25 * g * g if mean else s + g * g
        w -= rate * g / (float(ops.sqrt(ops.convert_to_tensor(s, "float64"))) + eps)
        trajectory.append(w)
    return trajectory


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
        w, optimizer, trajectory = keras.Variable(np.ones(1, np.float32)), make(**{**fixed, **arguments}), []
        optimizer.build([w])
        for gradient in gradients:
            optimizer.apply([ops.full((1,), gradient)])
            trajectory.append(float(w.numpy()[0]))
        return trajectory

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


REMEDIES: Mapping[str, Answer] = {
    "batch_norm.momentum@keras": lambda _: running(),
    "batch_norm.momentum@torch": lambda _: running(momentum=0.9),
    "batch_norm.momentum@mxnet": lambda _: running(momentum=0.9),
    "layer_norm.axes@keras": lambda _: layers.LayerNormalization(axis=-1)(ROWS),
    "rms_norm.epsilon@torch": lambda _: layers.RMSNormalization(epsilon=2**-23)(ROWS * np.float32(1e-4)),
    "rms_norm.epsilon@keras": lambda _: layers.RMSNormalization()(ROWS * np.float32(1e-4)),
    "leaky_relu.function_slope@torch": lambda _: activations.leaky_relu(ROWS, negative_slope=0.01),
    "leaky_relu.function_slope@keras": lambda _: activations.leaky_relu(ROWS),
    "leaky_relu.function_slope@mxnet": lambda _: activations.leaky_relu(ROWS, negative_slope=0.25),
    "prelu.start@torch": lambda _: layers.PReLU(alpha_initializer=initializers.Constant(0.25))(ROWS),
    "prelu.start@keras": lambda _: layers.PReLU()(ROWS),
    "softmax.axis@keras": lambda _: layers.Softmax()(CUBE / np.float32(9)),
    "log_softmax.axis@keras": lambda _: activations.log_softmax(CUBE / np.float32(9)),
    "uniform.low@keras": lambda _: _bounds(initializers.RandomUniform()),
    "uniform.low@mxnet": lambda _: _bounds(SMALL),
    "uniform.high@keras": lambda _: _bounds(initializers.RandomUniform()),
    "uniform.high@mxnet": lambda _: _bounds(SMALL),
    "truncated_normal.standard_deviation@keras": lambda _: _bounds(initializers.TruncatedNormal()),
    "variance_scaling.mode@mxnet": lambda _: _counted(
        400, initializers.VarianceScaling(2.0, mode="fan_avg", distribution="untruncated_normal")
    ),
    "variance_scaling.mode@torch": lambda _: _counted(400, PLAIN),
    "adam.epsilon@torch": lambda _: small(optimizers.Adam(2**-10, beta_1=0.5, beta_2=0.75), 1e-6, _as_torch),
    "adamw.epsilon@torch": lambda _: small(
        optimizers.AdamW(2**-10, beta_1=0.5, beta_2=0.75, weight_decay=0.0), 1e-6, _as_torch
    ),
    "rmsprop.epsilon@torch": lambda _: _outside(True, 2**-10, 1e-8, 1e-7),
    "adagrad.epsilon@torch": lambda _: _outside(False, 2**-10, 1e-10, 1e-9),
    "adadelta.learning_rate@mxnet": lambda _: small(optimizers.Adadelta(learning_rate=1.0, rho=0.9, epsilon=1e-5), 0.5),
    "adamax.epsilon@alike": lambda _: small(optimizers.Adamax(2**-10, epsilon=0.0), 1e-6),
    "cosine_restarts.multiplier@keras": lambda _: rates(schedules.CosineDecayRestarts(1.0, 2), 8),
    "cosine_restarts.multiplier@torch": lambda _: rates(schedules.CosineDecayRestarts(1.0, 2, t_mul=1.0), 8),
    "sgd.learning_rate@torch": lambda _: small(optimizers.SGD(learning_rate=0.001), 0.5),
    "sgd.learning_rate@keras": lambda _: small(optimizers.SGD(), 0.5),
    "adagrad.learning_rate@torch": lambda _: small(optimizers.Adagrad(learning_rate=0.01, initial_accumulator_value=0.0), 0.5),
    "rmsprop.momentum@mxnet": lambda _: small(
        optimizers.RMSprop(learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-8), 0.5
    ),
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
