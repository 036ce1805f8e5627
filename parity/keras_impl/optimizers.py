"""Owns the table of optimizers: a line per optimizer spec with the native optimizer, or a subclass where Keras's rule departs.

It refuses schedules. The learning rate of a group of parameters is a factor times the spec's rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from parity.execution.protocol import Array, Drive, Unsupported
from parity.keras_impl import rules

Hyperparameters = Mapping[str, float]


class Adagrad(keras.optimizers.Adagrad):  # type: ignore[misc]
    """Adagrad with epsilon outside of the root, as Duchi et al. write it: w - lr·g/(sqrt(s) + epsilon)."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        rate, gradient = ops.cast(learning_rate, variable.dtype), ops.cast(gradient, variable.dtype)
        total = self._accumulators[self._get_variable_index(variable)]
        self.assign_add(total, ops.square(gradient))
        self.assign_sub(variable, ops.divide(ops.multiply(rate, gradient), ops.add(ops.sqrt(total), self.epsilon)))


class RMSprop(keras.optimizers.RMSprop):  # type: ignore[misc]
    """RMSprop with epsilon outside of the root: w - lr·g/(sqrt(s) + epsilon)."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        rate, gradient = ops.cast(learning_rate, variable.dtype), ops.cast(gradient, variable.dtype)
        mean = self._velocities[self._get_variable_index(variable)]
        self.assign(mean, ops.add(ops.multiply(self.rho, mean), ops.multiply(1 - self.rho, ops.square(gradient))))
        self.assign_sub(variable, ops.divide(ops.multiply(rate, gradient), ops.add(ops.sqrt(mean), self.epsilon)))


def _adam_step(optimizer: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
    """A step of Kingma & Ba's algorithm 1, which adds epsilon after the bias correction of the second moment."""
    rate, gradient = ops.cast(learning_rate, variable.dtype), ops.cast(gradient, variable.dtype)
    place, step = optimizer._get_variable_index(variable), ops.cast(optimizer.iterations + 1, variable.dtype)
    first, second = optimizer._momentums[place], optimizer._velocities[place]
    optimizer.assign_add(first, ops.multiply(ops.subtract(gradient, first), 1 - optimizer.beta_1))
    optimizer.assign_add(second, ops.multiply(ops.subtract(ops.square(gradient), second), 1 - optimizer.beta_2))
    first_correction = 1 - ops.power(ops.cast(optimizer.beta_1, variable.dtype), step)
    second_correction = ops.sqrt(1 - ops.power(ops.cast(optimizer.beta_2, variable.dtype), step))
    scale = ops.add(ops.divide(ops.sqrt(second), second_correction), optimizer.epsilon)
    optimizer.assign_sub(variable, ops.divide(ops.multiply(first, rate / first_correction), scale))


class Adam(keras.optimizers.Adam):  # type: ignore[misc]
    """Adam with epsilon outside of the bias correction; Keras's own is the spec's `adam_epsilon_inside`."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        _adam_step(self, gradient, variable, learning_rate)


class AdamW(keras.optimizers.AdamW):  # type: ignore[misc]
    """Keras's decoupled decay, with the step of `Adam` above."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        _adam_step(self, gradient, variable, learning_rate)


def _adam(make: Callable[..., Any], h: Hyperparameters, rate: float, **more: float) -> Any:
    return make(rate, beta_1=h["beta_1"], beta_2=h["beta_2"], epsilon=h["epsilon"], **more)


def _rule(make: Callable[..., Any], h: Hyperparameters, rate: float) -> Any:
    return make(rate, **{name: value for name, value in h.items() if name != "learning_rate"})


TABLE: dict[str, Callable[[Hyperparameters, float], keras.optimizers.Optimizer]] = {
    "sgd": lambda h, rate: keras.optimizers.SGD(rate),
    "momentum": lambda h, rate: keras.optimizers.SGD(rate, momentum=h["momentum"]),
    "nesterov": lambda h, rate: keras.optimizers.SGD(rate, momentum=h["momentum"], nesterov=True),
    "adagrad": lambda h, rate: Adagrad(rate, initial_accumulator_value=0.0, epsilon=h["epsilon"]),
    "rmsprop": lambda h, rate: RMSprop(rate, rho=h["rho"], epsilon=h["epsilon"]),
    "adam": lambda h, rate: _adam(Adam, h, rate),
    "adam_epsilon_inside": lambda h, rate: _adam(keras.optimizers.Adam, h, rate),
    "adamw": lambda h, rate: _adam(AdamW, h, rate, weight_decay=h["weight_decay"]),
    "adamax": lambda h, rate: keras.optimizers.Adamax(rate, h["beta_1"], h["beta_2"], epsilon=0.0),
    "dampened_momentum": lambda h, rate: _rule(rules.Momentum, h, rate),
    "unbiased_momentum": lambda h, rate: _rule(rules.UnbiasedMomentum, h, rate),
    "adagrad_epsilon_inside": lambda h, rate: keras.optimizers.Adagrad(rate, 0.0, epsilon=h["epsilon"]),
    "rmsprop_momentum": lambda h, rate: _rule(rules.RmspropMomentum, h, rate),
    "rmsprop_epsilon_inside": lambda h, rate: keras.optimizers.RMSprop(rate, h["rho"], epsilon=h["epsilon"]),
    "rmsprop_centered": lambda h, rate: keras.optimizers.RMSprop(rate, h["rho"], epsilon=h["epsilon"], centered=True),
    "adadelta": lambda h, rate: keras.optimizers.Adadelta(rate, rho=h["rho"], epsilon=h["epsilon"]),
    "adadelta_epsilon_outside": lambda h, rate: _rule(rules.AdadeltaEpsilonOutside, h, rate),
    "adafactor": lambda h, rate: _rule(rules.Adafactor, h, rate),
    "adam_epsilon_in_root": lambda h, rate: _rule(rules.AdamEpsilonInRoot, h, rate),
    "adam_then_sgd": lambda h, rate: _rule(rules.AdamThenSGD, h, rate),
    "muon": lambda h, rate: _rule(rules.Muon, h, rate),
    "amsgrad": lambda h, rate: _rule(rules.Amsgrad, h, rate),
    "nadam": lambda h, rate: _rule(rules.Nadam, h, rate),
    "ftrl": lambda h, rate: keras.optimizers.Ftrl(
        rate,
        initial_accumulator_value=0.0,
        l1_regularization_strength=h["l1"],
        l2_regularization_strength=h["l2"] / 2,
        beta=h["beta"],
    ),
    "lion": lambda h, rate: keras.optimizers.Lion(rate, h["beta_1"], h["beta_2"], weight_decay=h["weight_decay"]),
    "lamb": lambda h, rate: _rule(rules.Lamb, h, rate),
    "sgd_l2": lambda h, rate: keras.optimizers.SGD(rate, weight_decay=h["penalty"]),
    "sgd_clip_value": lambda h, rate: keras.optimizers.SGD(rate, clipvalue=h["threshold"]),
    "sgd_clip_norm": lambda h, rate: keras.optimizers.SGD(rate, clipnorm=h["threshold"]),
    "sgd_clip_global_norm": lambda h, rate: keras.optimizers.SGD(rate, global_clipnorm=h["threshold"]),
}


class Groups:
    """The optimizers of one phase. A Keras optimizer has one learning rate, so each learning-rate factor has an optimizer."""

    def __init__(self, name: str, hyperparameters: Hyperparameters, updates: Sequence[tuple[keras.Variable, float]]) -> None:
        if name not in TABLE:
            raise Unsupported(f"no native form of the optimizer {name}")
        self.variables = [variable for variable, _ in updates]
        self.members: list[tuple[keras.optimizers.Optimizer, list[int]]] = []
        for factor in dict.fromkeys(factor for _, factor in updates):
            places = [place for place, (_, own) in enumerate(updates) if own == factor]
            optimizer = TABLE[name](hyperparameters, float(hyperparameters["learning_rate"] * factor))
            optimizer.build([self.variables[place] for place in places])
            self.members.append((optimizer, places))
        if name == "sgd_clip_global_norm" and len(self.members) > 1:
            raise Unsupported("a Keras optimizer clips by the norm of its own group, not by that of all gradients")

    def apply(self, gradients: Sequence[Any]) -> None:
        for optimizer, places in self.members:
            optimizer.apply([gradients[place] for place in places], [self.variables[place] for place in places])


def drive(request: Drive) -> list[dict[str, Array]]:
    """Drives a native optimizer step by step, eagerly; its learning rate is read from its attribute."""
    weights = {name: keras.Variable(array, dtype=str(array.dtype)) for name, array in request.initial.items()}
    optimizer = request.make(**request.keywords)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise Unsupported(f"it is no optimizer: a {type(optimizer).__name__} is no keras.optimizers.Optimizer")
    optimizer.build(list(weights.values()))
    steps = []
    for gradients, rate in zip(request.gradients, request.rates, strict=True):
        optimizer.learning_rate = rate
        optimizer.apply([ops.convert_to_tensor(gradients[name]) for name in weights], list(weights.values()))
        steps.append({name: np.array(ops.convert_to_numpy(weight)) for name, weight in weights.items()})
    return steps
