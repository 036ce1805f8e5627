"""Owns the programs of a case on TensorFlow: passes forward, gradients and training steps over functional models, eager or
compiled.

It refuses to know an op, an arrangement or the layout of a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from parity.execution.protocol import Array, Unsupported
from parity.keras_impl.on_tensorflow import device
from parity.keras_impl.programs import BackendPrograms, PhaseModel, ProgramPass, Tensors, listed

MODES = ("eager", "compiled", "compiled[xla]")
DEFAULT_MODE = "compiled"


class TensorFlowPrograms(BackendPrograms):
    """Programs as tf.function makes them, or run op by op."""

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
        return self.program(lambda inputs: listed(model(inputs, training=training)))

    def gradients(
        self, model: keras.Model, variables: Sequence[keras.Variable], watched: Sequence[int]
    ) -> Callable[[Tensors], ProgramPass]:
        def passed(inputs: Tensors) -> tuple[Any, ...]:
            floats = [inputs[place] for place in watched]
            with tf.GradientTape() as tape:
                tape.watch(floats)
                loss, *values = listed(model(inputs, training=True))
            sources = [variable.value for variable in variables]
            found = tape.gradient(loss, sources + floats, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            dense = [tf.convert_to_tensor(gradient) for gradient in found]
            return values, loss, dense[: len(sources)], dense[len(sources) :]

        program = self.program(passed)
        return lambda inputs: ProgramPass(*program(inputs))

    def hessian_vector_product(
        self, model: keras.Model, variables: Sequence[keras.Variable]
    ) -> Callable[[Tensors, Tensors], Tensors]:
        """By a tape around a tape."""

        def passed(inputs: Tensors, direction: Tensors) -> Tensors:
            sources = [variable.value for variable in variables]
            with tf.GradientTape() as outer:
                with tf.GradientTape() as tape:
                    loss = listed(model(inputs, training=True))[0]
                found = tape.gradient(loss, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
                slopes = [tf.convert_to_tensor(gradient) for gradient in found]
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
        def stepped(inputs: Tensors) -> tuple[Any, Tensors]:
            loss, carried = None, []
            for phase in phases:
                with tf.GradientTape() as tape:
                    loss, *rest = listed(phase.model(inputs, training=True))
                carried = rest[: phase.carried]
                if phase.groups:
                    sources = [variable.value for variable in phase.groups.variables]
                    found = tape.gradient(loss, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
                    phase.groups.apply([tf.convert_to_tensor(gradient) for gradient in found])
            return loss, carried

        return self.program(stepped)

    def tensor(self, array: Array, dtype: str) -> Any:
        if device.devices() == ("cpu",):
            return tf.constant(np.array(array), dtype)
        with device.place(self.kind):
            return tf.constant(np.array(array), dtype)


def slope_of(function: Callable[[Any], Any], x: Array) -> Any:
    """The gradient of function(x) as the tape gives it, whether function(x) is a scalar or not."""
    given = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = function(given)
    return tape.gradient(found, given, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def differentiated(run: Callable[[], Tensors], weights: Sequence[Any], sources: Sequence[Any]) -> tuple[Tensors, Tensors]:
    """Outputs of run(), and gradients of Σ weights·outputs by the sources (variables or tensors), zero if unconnected."""
    with tf.GradientTape() as tape:
        tape.watch([source for source in sources if not isinstance(source, tf.Variable)])
        outputs = run()
        loss = tf.add_n([tf.reduce_sum(output * weight) for output, weight in zip(outputs, weights, strict=True)])
    found = tape.gradient(loss, list(sources), unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return outputs, [tf.convert_to_tensor(gradient) for gradient in found]
