"""Owns Keras's answers to the atlas about training steps and their inputs: batches, gradients, schedules, losses.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import initializers, layers, losses, ops, optimizers
from keras.optimizers import schedules

from parity.execution.protocol import Array
from parity.keras_impl import model
from parity.keras_impl.atlas.answers import Answer, Inputs, call, optimized, slope, t


def _twice(_: Inputs) -> float:
    start = initializers.HeNormal()
    return float((model.array(start((11, 13))) != model.array(start((11, 13)))).any())


def _weights(count: int) -> list[Any]:
    return [keras.Variable(np.ones(1, np.float32), name="bias") for _ in range(count)]


def _alike(inputs: Inputs) -> float:
    pair, optimizer = _weights(2), optimizers.Nadam(0.5, beta_1=0.5, beta_2=0.75)
    optimizer.build(pair)
    for gradient in inputs["gradients"]:
        optimizer.apply([ops.full((1,), float(gradient))] * 2)
    return float(pair[0].numpy()[0] != pair[1].numpy()[0])


def _moved(optimizer: Any, start: list[float]) -> Array:
    """The weights after one step on gradients of 1."""
    w = keras.Variable(np.array(start, np.float32))
    optimizer.build([w])
    optimizer.apply([ops.ones(len(start))])
    return model.array(w.value)


def _penalized(_: Inputs) -> Array:
    rule = optimizers.Ftrl(0.5, beta=1.0, initial_accumulator_value=0.0, l2_regularization_strength=0.5)
    return _moved(rule, [1.0])


def _ratio(_: Inputs) -> Array:
    return _moved(optimizers.Lamb(0.5, epsilon=2.0**-40, weight_decay=0.25), [3.0, 4.0])


def _late(_: Inputs) -> Array:
    early, late = _weights(2)
    optimizer = optimizers.Adam(0.5, beta_1=0.5, beta_2=0.75, epsilon=2.0**-20)
    optimizer.build([early, late])
    optimizer.apply_gradients([(ops.ones(1), early), (None, late)])
    optimizer.apply_gradients([(ops.ones(1), early), (ops.ones(1), late)])
    return model.array(late.value)


def _precise(_: Inputs) -> float:
    """The error of a float64 step of rate 0.1, in units of the error of 0.1 in float32."""
    w, optimizer = keras.Variable(np.ones(1), dtype="float64"), optimizers.SGD(0.1)
    optimizer.build([w])
    optimizer.apply([ops.ones(1, "float64")])
    return (0.9 - float(w.numpy()[0])) / (float(np.float32(0.1)) - 0.1)


def _unused(_: Inputs) -> Array:
    used, unused = _weights(2)
    optimizer = optimizers.SGD(1.0, weight_decay=0.25)
    optimizer.build([used, unused])
    optimizer.apply_gradients([(ops.ones(1), used), (None, unused)])
    return model.array(unused.value)


def _bias(_: Inputs) -> Array:
    layer, optimizer = layers.Dense(1, bias_initializer="ones"), optimizers.SGD(1.0, weight_decay=0.25)
    layer.build((None, 1))
    optimizer.build(layer.trainable_variables)
    optimizer.apply([ops.zeros((1, 1)), ops.zeros(1)])
    return model.array(layer.bias.value)


def _infinite(inputs: Inputs) -> Array:
    w, optimizer = keras.Variable(np.zeros(2, np.float32)), optimizers.SGD(1.0, global_clipnorm=1.0)
    optimizer.build([w])
    optimizer.apply([t(inputs["x"])])
    return -model.array(w.value)


def _accumulated(inputs: Inputs) -> Array:
    w, optimizer = keras.Variable(np.zeros(1, np.float32)), optimizers.SGD(1.0, gradient_accumulation_steps=2)
    optimizer.build([w])
    for gradient in inputs["x"]:
        optimizer.apply([ops.full((1,), float(gradient))])
    return -model.array(w.value)


def _second(layer: Any, x: Any) -> Array:
    """The second derivative of a layer, computed with a model whose output is the loss."""
    given = keras.Input(x.shape[1:])
    network = keras.Model(given, ops.sum(layer(given) ** 2))
    product = model.Programs("eager", "cpu").hessian_vector_product(network, layer.trainable_variables)
    return model.array(product([x], [ops.ones_like(layer.kernel)])[0])


def _behind(inputs: Inputs) -> float:
    direct, copied = (
        slope(lambda x: layers.MaxPooling2D(2)(ops.reshape(x, (1, 8, 8, 1)))),
        slope(lambda x: layers.MaxPooling2D(2)(ops.copy(ops.reshape(x, (1, 8, 8, 1))))),
    )
    return float((direct(inputs) == copied(inputs)).all())


class _Listing(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.parts = [layers.Dense(3), layers.Dense(5)]

    def call(self, x: Any) -> Any:
        return self.parts[1](self.parts[0](x))


def _listed(_: Inputs) -> int:
    network = _Listing()
    network(np.zeros((1, 2), np.float32))
    return len(network.trainable_variables)


def _written(inputs: Inputs) -> float:
    x = t(inputs["x"])
    piece = x[0:1]
    piece[:] = 7.0
    return float(x[0])


class _Recorder(keras.Model):  # type: ignore[misc]
    """Keeps each batch that fit hands to it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Array] = []

    def train_step(self, data: Any) -> dict[str, Any]:
        self.seen.append(model.array(data[0] if isinstance(data, (tuple, list)) else data).ravel())
        return {"loss": ops.zeros(())}


def batches(inputs: Inputs, **arguments: Any) -> list[Array]:
    network = _Recorder()
    network.compile(optimizers.SGD(), run_eagerly=True)
    network.fit(inputs["x"][:, None].astype(np.float32), verbose=0, **arguments)
    return [*network.seen]


def rates(schedule: Any, count: int) -> list[float]:
    """The learning rates of the first `count` updates, read from how far each moves a weight on a gradient of 1."""
    w, optimizer, places = keras.Variable(np.zeros(1, np.float32)), optimizers.SGD(schedule), [0.0]
    optimizer.build([w])
    for _ in range(count):
        optimizer.apply([ops.ones(1)])
        places.append(0.0 - float(w.numpy()[0]))
    return [float(rate) for rate in np.diff(places)]


def plateau(**arguments: Any) -> Any:
    callback, network = keras.callbacks.ReduceLROnPlateau("loss", **arguments), keras.Sequential([layers.Dense(1)])
    network.compile(optimizers.SGD(1.0), "mse")
    callback.set_model(network)
    callback.on_train_begin()
    return callback


def patience(epochs_allowed: int) -> int:
    """The number of epochs with the same loss until the learning rate falls."""
    callback, epochs = plateau(patience=epochs_allowed), 0
    while float(callback.model.optimizer.learning_rate) == 1.0:
        callback.on_epoch_end(epochs, {"loss": 5.0})
        epochs += 1
    return epochs


def _improved(_: Inputs) -> float:
    callback = plateau()
    for epoch, loss in enumerate((100.0, 99.995)):
        callback.on_epoch_end(epoch, {"loss": loss})
    return float(callback.best < 100.0)


def _labelled(loss: Any) -> Answer:
    """The loss. Keras takes labels before predictions."""
    return call(lambda x, y: loss(y, x), "x", "y")


STEPS: Mapping[str, Answer] = {
    "initializer.twice": _twice,
    "sgd.float64": _precise,
    "nadam.schedule": optimized(lambda: optimizers.Nadam(beta_1=0.5, beta_2=0.75, epsilon=2.0**-10)),
    "nadam.weights": _alike,
    "rmsprop.momentum_form": optimized(lambda: optimizers.RMSprop(rho=0.75, momentum=0.5, epsilon=2.0**-40)),
    "adagrad.decay": optimized(lambda: optimizers.Adagrad(initial_accumulator_value=0.0, weight_decay=0.25)),
    "ftrl.penalty_2": _penalized,
    "lamb.decay": _ratio,
    "adam.late_weight": _late,
    "step.unused": _unused,
    "decay.bias": _bias,
    "decay.bias_by_name": _bias,
    "clip_norm.infinite": _infinite,
    "gradient.accumulated": _accumulated,
    "gradient.of_vector": lambda inputs: model.slope_of(lambda x: x**2, np.asarray(inputs["x"], np.float32)),
    "gradient.second_dense": lambda inputs: _second(layers.Dense(1, use_bias=False), t(inputs["x"])[:, None]),
    "gradient.second_convolution": lambda inputs: _second(
        layers.Conv2D(1, 1, use_bias=False), t(inputs["x"])[None, None, :, None]
    ),
    "max_pool2d.behind_reshape": _behind,
    "model.list": _listed,
    "view.writes": _written,
    "batches.size": lambda inputs: [batches(inputs)[place].size for place in (0, -1)],
    "batches.shuffled": lambda inputs: float((np.concatenate(batches(inputs)) == inputs["x"]).all()),
    "batches.last_dropped": lambda inputs: len(batches(inputs, batch_size=32)),
    "exponential_decay.between": lambda _: rates(schedules.ExponentialDecay(1.0, 2, 0.5), 4),
    "multi_step_decay.boundary": lambda _: rates(schedules.PiecewiseConstantDecay([2], [1.0, 0.5]), 4),
    "cosine_decay.beyond": lambda _: rates(schedules.CosineDecay(1.0, 4), 7)[6],
    "cosine_decay.end_means": lambda _: rates(schedules.CosineDecay(0.5, 4, alpha=0.25), 5)[4],
    "warmup.first": lambda _: rates(schedules.CosineDecay(0.0, 2**20, warmup_target=1.0, warmup_steps=4), 4),
    "plateau.patience_means": lambda _: patience(2),
    "plateau.threshold": _improved,
    "huber.delta_form": call(lambda x: losses.Huber(2.0)(ops.zeros_like(x), x)),
    "kl_divergence.at_zero": call(losses.KLDivergence(), "p", "q"),
    "kl_divergence.zero_label": call(losses.KLDivergence(), "p", "q"),
    "cross_entropy.float_label": _labelled(losses.SparseCategoricalCrossentropy(from_logits=True)),
    "cross_entropy.one_hot": _labelled(losses.SparseCategoricalCrossentropy(from_logits=True)),
    "ctc.impossible": call(lambda x, labels: losses.CTC()(labels, x), "x", "labels"),
    "poisson.at_zero": _labelled(losses.Poisson()),
    "binary_cross_entropy.beyond": _labelled(losses.BinaryCrossentropy()),
}
