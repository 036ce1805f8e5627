"""Owns what the atlas advises for Keras about optimizers and schedules, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops, optimizers, regularizers
from keras.optimizers import schedules

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.answers import Answer, Inputs, t
from parity.keras_impl.atlas.steps import patience, plateau, rates

EPSILON = 0.25
DECAY = 0.25
Make = Callable[[], Any]


def stepped(make: Make, before: Callable[..., Any] = lambda *_: 0.0) -> Answer:
    """The weight after each step from 1. before(optimizer, w, step (from 1), rate, last rate) is added to the gradient."""

    def answer(inputs: Inputs) -> list[float]:
        w, optimizer, seen = keras.Variable(np.ones(1, np.float32)), make(), []
        optimizer.build([w])
        last = float(inputs["rates"][0])
        for step, (rate, gradient) in enumerate(zip(inputs["rates"], inputs["gradients"], strict=True), start=1):
            optimizer.learning_rate = float(rate)
            more = before(optimizer, w, step, float(rate), last)
            optimizer.apply([ops.full((1,), float(gradient)) + more])
            seen.append(float(w.numpy()[0]))
            last = float(rate)
        return seen

    return answer


def _rescaled(optimizer: Any, _w: Any, _: int, rate: float, last: float) -> float:
    """Acts as if the velocity did not contain the learning rate: scales it from the last rate to the present one."""
    for velocity in _velocities(optimizer):
        velocity.assign(velocity * (rate / last))
    return 0.0


def _velocities(optimizer: Any) -> list[Any]:
    return [
        item
        for item in (optimizer.momentums if isinstance(optimizer, optimizers.SGD) else optimizer._momentums)
        if item is not None
    ]


def _coupled(_optimizer: Any, w: Any, _: int, _rate: float, _last: float) -> Array:
    """The gradient of the term that kernel_regularizer adds to the loss."""
    decay = DECAY
    return model.slope(regularizers.L2(decay / 2), np.asarray(w.numpy()))


def _corrected(optimizer: Any, _w: Any, step: int, _rate: float, _last: float) -> float:
    """Acts as if epsilon were added after the bias correction, as in torch."""
    optimizer.epsilon = EPSILON * (1 - 0.75**step) ** 0.5
    return 0.0


def written(mean: bool, eps: float) -> Answer:
    """torch's rule written out: epsilon outside the root."""

    def answer(inputs: Inputs) -> list[float]:
        w, s, seen = ops.ones(1), ops.zeros(1), []
        for rate, g in zip(t(inputs["rates"]), t(inputs["gradients"]), strict=True):
            s = 0.75 * s + 0.25 * g * g if mean else s + g * g
            w -= rate * g / (ops.sqrt(s) + eps)
            seen.append(float(w[0]))
        return seen

    return answer


def small(optimizer: Any, gradient: float, before: Callable[[Any, int], None] = lambda *_: None) -> list[float]:
    """Weights after three steps on the same gradient; a small gradient makes epsilon visible."""
    w, seen = keras.Variable(np.zeros(1), dtype="float64"), []
    optimizer.build([w])
    for step in range(1, 4):
        before(optimizer, step)
        optimizer.apply([ops.full((1,), gradient, "float64")])
        seen.append(float(w.numpy()[0]))
    return seen


def _as_torch(optimizer: Any, step: int) -> None:
    """Sets Keras's epsilon before each step so that it acts as torch's default."""
    eps, beta_2 = 1e-8, 0.75
    optimizer.epsilon = eps * (1 - beta_2**step) ** 0.5


def _outside(mean: bool, rate: float, eps: float, g: float) -> list[float]:
    w, s, seen = 0.0, 0.0, []
    for _ in range(3):
        s = 0.75 * s + 0.25 * g * g if mean else s + g * g
        w -= rate * g / (float(ops.sqrt(ops.convert_to_tensor(s, "float64"))) + eps)
        seen.append(w)
    return seen


def _clipped(inputs: Inputs) -> Array:
    weights, optimizer = (
        [keras.Variable(np.zeros(1, np.float32)) for _ in inputs["x"]],
        optimizers.SGD(1.0, global_clipnorm=1.0),
    )
    optimizer.build(weights)
    optimizer.apply([ops.full((1,), float(gradient)) for gradient in inputs["x"]])
    return -np.concatenate([w.numpy() for w in weights])


def _finite(inputs: Inputs) -> Array:
    w, gradient = keras.Variable(np.zeros(2, np.float32)), t(inputs["x"])
    optimizer = optimizers.SGD(1.0, global_clipnorm=1.0)
    optimizer.build([w])
    if ops.all(ops.isfinite(gradient)):
        optimizer.apply([gradient])
    return model.array(w.value)


def _undecayed(_: Inputs) -> Array:
    layer, optimizer = layers.Dense(1, bias_initializer="ones"), optimizers.SGD(1.0, weight_decay=0.25)
    layer.build((None, 1))
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(layer.trainable_variables)
    optimizer.apply([ops.zeros((1, 1)), ops.zeros(1)])
    return model.array(layer.bias.value)


def _penalized(_: Inputs) -> Array:
    w = keras.Variable(np.ones(1, np.float32))
    wd = 0.5
    optimizer = optimizers.Ftrl(0.5, beta=1.0, initial_accumulator_value=0.0, l2_regularization_strength=wd / 2)
    optimizer.build([w])
    optimizer.apply([ops.ones(1)])
    return model.array(w.value)


def _own(_: Inputs) -> Array:
    early, late = (keras.Variable(np.ones(1, np.float32)) for _ in range(2))
    first, second = (optimizers.Adam(0.5, beta_1=0.5, beta_2=0.75, epsilon=2.0**-20) for _ in range(2))
    for step in range(2):
        first.apply_gradients([(ops.ones(1), early)])
        if step == 1:
            second.apply_gradients([(ops.ones(1), late)])
    return model.array(late.value)


def _precise(_: Inputs) -> float:
    w, optimizer = keras.Variable(np.ones(1), dtype="float64"), optimizers.SGD(2**-10)
    optimizer.build([w])
    optimizer.apply([ops.ones(1, "float64")])
    return float(w.numpy()[0])


def _improved(_: Inputs) -> float:
    callback = plateau(min_delta=0.01)
    for epoch, loss in enumerate((100.0, 99.995)):
        callback.on_epoch_end(epoch, {"loss": loss})
    return float(callback.best < 100.0)


def _guarded(x: Any, threshold: float) -> Any:
    norm = ops.norm(x)
    return x * (threshold / ops.maximum(norm, threshold))


def _one_rate(make: Make) -> Answer:
    return lambda inputs: stepped(make)({**inputs, "rates": np.ones(3)})


OPTIMIZERS: Mapping[str, Answer] = {
    "clip_norm.over@torch": _clipped,
    "sgd.velocity@torch": stepped(lambda: optimizers.SGD(momentum=0.5), _rescaled),
    "sgd.nesterov_form@torch": stepped(lambda: optimizers.SGD(momentum=0.5, nesterov=True), _rescaled),
    "rmsprop.momentum_form@torch": stepped(lambda: optimizers.RMSprop(rho=0.75, momentum=0.5, epsilon=2.0**-80), _rescaled),
    "rmsprop.momentum_form@mxnet": stepped(lambda: optimizers.RMSprop(rho=0.75, momentum=0.0, epsilon=2.0**-40)),
    "sgd.decay@torch": stepped(lambda: optimizers.SGD(momentum=0.5), _coupled),
    "adam.decay@torch": stepped(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=2.0**-40), _coupled),
    "adam.decay@keras": stepped(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=2.0**-40, weight_decay=0.25)),
    "adagrad.decay@torch": stepped(lambda: optimizers.Adagrad(initial_accumulator_value=0.0), _coupled),
    "adam.epsilon_form@torch": stepped(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=0.25), _corrected),
    "adam.epsilon@torch": lambda _: small(optimizers.Adam(2**-10, beta_1=0.5, beta_2=0.75), 1e-6, _as_torch),
    "adamw.epsilon@torch": lambda _: small(
        optimizers.AdamW(2**-10, beta_1=0.5, beta_2=0.75, weight_decay=0.0), 1e-6, _as_torch
    ),
    "rmsprop.epsilon_form@torch": written(True, 0.25),
    "adagrad.epsilon_form@torch": written(False, 0.25),
    "rmsprop.epsilon@torch": lambda _: _outside(True, 2**-10, 1e-8, 1e-7),
    "adagrad.epsilon@torch": lambda _: _outside(False, 2**-10, 1e-10, 1e-9),
    "adadelta.rate@mxnet": _one_rate(lambda: optimizers.Adadelta(learning_rate=1.0, rho=0.75, epsilon=0.25)),
    "adadelta.learning_rate@mxnet": lambda _: small(optimizers.Adadelta(learning_rate=1.0, rho=0.9, epsilon=1e-5), 0.5),
    "adamax.form@mxnet": stepped(lambda: optimizers.Adamax(beta_1=0.5, beta_2=0.75, epsilon=0.0)),
    "adamax.epsilon@alike": lambda _: small(optimizers.Adamax(2**-10, epsilon=0.0), 1e-6),
    "clip_norm.guard@alike": lambda inputs: _guarded(t(inputs["x"]), float(inputs["threshold"])),
    "sgd.float64@alike": _precise,
    "ftrl.penalty_2@mxnet": _penalized,
    "adam.late_weight@torch": _own,
    "decay.bias_by_name@mxnet": _undecayed,
    "clip_norm.infinite@alike": _finite,
    "exponential_decay.between@torch": lambda _: rates(schedules.ExponentialDecay(1.0, 2, 0.5, staircase=True), 4),
    "multi_step_decay.boundary@torch": lambda _: rates(schedules.PiecewiseConstantDecay([2 - 1], [1.0, 0.5]), 4),
    "cosine_decay.end_means@torch": lambda _: rates(schedules.CosineDecay(0.5, 4, alpha=0.25 / 0.5), 5)[4],
    "warmup.first@mxnet": lambda _: rates(schedules.CosineDecay(1 / 4, 2**30, warmup_target=1.0, warmup_steps=3), 4),
    "plateau.patience_means@torch": lambda _: patience(2 + 1),
    "plateau.threshold@torch": _improved,
    "cosine_restarts.multiplier@keras": lambda _: rates(schedules.CosineDecayRestarts(1.0, 2), 8),
    "cosine_restarts.multiplier@torch": lambda _: rates(schedules.CosineDecayRestarts(1.0, 2, t_mul=1.0), 8),
    "sgd.learning_rate@torch": lambda _: small(optimizers.SGD(learning_rate=0.001), 0.5),
    "sgd.learning_rate@keras": lambda _: small(optimizers.SGD(), 0.5),
    "adagrad.learning_rate@torch": lambda _: small(optimizers.Adagrad(learning_rate=0.01, initial_accumulator_value=0.0), 0.5),
    "rmsprop.momentum@mxnet": lambda _: small(
        optimizers.RMSprop(learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-8), 0.5
    ),
}
