"""Owns the programs of a case: passes forward, gradients and training steps over functional models, eager or compiled.

Only this file and device.py use the backend. It refuses to know an op, an arrangement or the layout of a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from parity.execution.protocol import Array, Unsupported
from parity.keras_impl import device
from parity.keras_impl.optimizers import Groups

Tensors = list[Any]
MODES = ("eager", "compiled", "compiled[xla]")
DEFAULT_MODE = "compiled"


@dataclass(frozen=True)
class ProgramPass:
    """The result of one pass of a program; tensors are in the order of the names requested."""

    values: Tensors
    loss: Any
    gradients: Tensors
    input_gradients: Tensors


@dataclass(frozen=True)
class PhaseModel:
    """One phase, ready to train. The first output of its model is the loss, the others are the state for the next batch."""

    model: keras.Model
    groups: Groups | None
    carried: int


class Programs:
    """Makes programs over models, in one mode on one kind of device. A model takes one list of tensors."""

    def __init__(self, mode: str, kind: str) -> None:
        self.mode = mode
        self.kind = kind

    def program(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as the mode runs it."""
        if self.mode == "eager":
            return self._placed(function)
        return self._placed(tf.function(function, jit_compile=self.mode == "compiled[xla]" or None, autograph=False))

    def _placed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if device.devices() == ("cpu",):
            return function

        def placed(*arguments: Any) -> Any:
            with device.place(self.kind):
                return function(*arguments)

        return placed

    def forward(self, model: keras.Model, training: bool) -> Callable[[Tensors], Tensors]:
        return self.program(lambda inputs: _listed(model(inputs, training=training)))

    def gradients(
        self, model: keras.Model, variables: Sequence[keras.Variable], watched: Sequence[int]
    ) -> Callable[[Tensors], ProgramPass]:
        """One training pass of a model whose first output is the loss, as a program, with the gradients of variables and of the
        inputs at the positions `watched`."""

        def passed(inputs: Tensors) -> tuple[Any, ...]:
            floats = [inputs[place] for place in watched]
            with tf.GradientTape() as tape:
                tape.watch(floats)
                loss, *values = _listed(model(inputs, training=True))
            sources = [variable.value for variable in variables]
            gradients = tape.gradient(loss, sources + floats, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
            return values, loss, dense[: len(sources)], dense[len(sources) :]

        program = self.program(passed)
        return lambda inputs: ProgramPass(*program(inputs))

    def hessian_vector_product(
        self, model: keras.Model, variables: Sequence[keras.Variable]
    ) -> Callable[[Tensors, Tensors], Tensors]:
        """A program from inputs and v to H·v over variables, by a tape around a tape. The model's first output is the loss."""

        def passed(inputs: Tensors, direction: Tensors) -> Tensors:
            sources = [variable.value for variable in variables]
            with tf.GradientTape() as outer:
                with tf.GradientTape() as tape:
                    loss = _listed(model(inputs, training=True))[0]
                gradients = tape.gradient(loss, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
                slopes = [tf.convert_to_tensor(gradient) for gradient in gradients]
            bent = outer.gradient(slopes, sources, direction, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            return [tf.convert_to_tensor(product) for product in bent]

        program = self.program(passed)

        def run(inputs: Tensors, direction: Tensors) -> Tensors:
            try:
                return list(program(inputs, direction))
            except LookupError as error:
                raise Unsupported(f"TensorFlow has no second derivative: {error}") from error

        return run

    def step(self, phases: Sequence[PhaseModel]) -> Callable[[Tensors], tuple[Any, Tensors]]:
        """One program of every phase in order, each with its update. It gives the last loss and the carried state."""

        def stepped(inputs: Tensors) -> tuple[Any, Tensors]:
            loss, carried = None, []
            for phase in phases:
                with tf.GradientTape() as tape:
                    loss, *rest = _listed(phase.model(inputs, training=True))
                carried = rest[: phase.carried]
                if phase.groups:
                    sources = [variable.value for variable in phase.groups.variables]
                    gradients = tape.gradient(loss, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
                    phase.groups.apply([tf.convert_to_tensor(gradient) for gradient in gradients])
            return loss, carried

        return self.program(stepped)

    def tensor(self, array: Array, dtype: str) -> Any:
        """A tensor on the device that shares no memory with the array."""
        if device.devices() == ("cpu",):
            return tf.constant(np.array(array), dtype)
        with device.place(self.kind):
            return tf.constant(np.array(array), dtype)


def _listed(outputs: Any) -> Tensors:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def slope(function: Callable[[Any], Any], x: Array) -> Array:
    """The gradient of the sum of function(x); zeros where nothing depends on x."""
    return slope_of(lambda inputs: tf.reduce_sum(function(inputs)), x)


def slope_of(function: Callable[[Any], Any], x: Array) -> Array:
    """The gradient of function(x) as the tape gives it, whether function(x) is a scalar or not."""
    point = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(point)
        value = function(point)
    return array(tape.gradient(value, point, unconnected_gradients=tf.UnconnectedGradients.ZERO))


def array(tensor: Any) -> Array:
    """A copy as a NumPy array; narrower floats are widened to float32."""
    copied = np.array(tensor.numpy())
    return copied if copied.dtype.kind in "iub" or copied.dtype in (np.float32, np.float64) else copied.astype(np.float32)


def snapshot(variables: Sequence[keras.Variable]) -> list[tuple[keras.Variable, Array]]:
    return [(variable, np.array(variable.value.numpy())) for variable in variables]


def restore(kept: Sequence[tuple[keras.Variable, Array]]) -> None:
    for variable, value in kept:
        variable.assign(value)


def differentiated(run: Callable[[], Tensors], weights: Sequence[Any], sources: Sequence[Any]) -> tuple[Tensors, Tensors]:
    """Outputs of run(), and gradients of Σ weights·outputs by the sources (variables or tensors), zero if unconnected."""
    with tf.GradientTape() as tape:
        tape.watch([source for source in sources if not isinstance(source, tf.Variable)])
        outputs = run()
        loss = tf.add_n([tf.reduce_sum(output * weight) for output, weight in zip(outputs, weights, strict=True)])
    gradients = tape.gradient(loss, list(sources), unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return outputs, [tf.convert_to_tensor(gradient) for gradient in gradients]
