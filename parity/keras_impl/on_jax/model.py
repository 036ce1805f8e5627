"""Owns the programs of a case on JAX: pure functions of the values of variables, in Keras's stateless scope, jitted or not.

It refuses to know an op, an arrangement or the layout of a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from parity.execution.protocol import Array
from parity.keras_impl.on_jax import curvature
from parity.keras_impl.programs import BackendPrograms, PhaseModel, ProgramPass, Tensors, listed

MODES = ("eager", "compiled")
DEFAULT_MODE = "compiled"
KEPT = 16
"""Cases until compiled programs are dropped: JAX keeps all of them, 25 megabytes for a convolution in float64."""

Variables = list[keras.Variable]


class JaxPrograms(BackendPrograms):
    """Programs as jax.jit makes them, or run op by op."""

    made = 0

    def __init__(self, mode: str, kind: str) -> None:
        super().__init__(mode, kind)
        if JaxPrograms.made % KEPT == 0:
            jax.clear_caches()
        JaxPrograms.made += 1

    def program(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as the mode runs it. Without jit loops run op by op too; otherwise JAX compiles them at every call."""
        if self.mode == "compiled":
            compiled: Callable[..., Any] = jax.jit(function)
            return compiled

        def called(*given: Any) -> Any:
            with jax.disable_jit():
                return function(*given)

        return called

    def forward(self, model: keras.Model, training: bool) -> Callable[[Tensors], Tensors]:
        variables = _each(model.variables)
        program = self.program(lambda values, inputs: _passed(model, variables, values, inputs, training))

        def run(inputs: Tensors) -> Tensors:
            outputs, after = program(_values(variables), inputs)
            _assign(variables, after)
            return list(outputs)

        return run

    def gradients(
        self, model: keras.Model, variables: Sequence[keras.Variable], watched: Sequence[int]
    ) -> Callable[[Tensors], ProgramPass]:
        every = _each([*model.variables, *variables])

        def passed(values: Tensors, inputs: Tensors) -> Any:
            def loss(sources: Tensors, floats: Tensors) -> Any:
                given = _replaced(inputs, watched, floats)
                outputs, after = _passed(model, every, _replaced(values, _places(every, variables), sources), given, True)
                return jnp.sum(outputs[0]), (outputs, after)

            sources = [values[place] for place in _places(every, variables)]
            floats = [inputs[place] for place in watched]
            return jax.grad(loss, argnums=(0, 1), has_aux=True)(sources, floats)

        program = self.program(passed)

        def run(inputs: Tensors) -> ProgramPass:
            (slopes, floats), (outputs, after) = program(_values(every), inputs)
            _assign(every, after)
            return ProgramPass(outputs[1:], outputs[0], slopes, floats)

        return run

    def hessian_vector_product(
        self, model: keras.Model, variables: Sequence[keras.Variable]
    ) -> Callable[[Tensors, Tensors], Tensors]:
        every = _each([*model.variables, *variables])

        def passed(values: Tensors, inputs: Tensors, direction: Tensors) -> Any:
            def loss(sources: Tensors) -> Any:
                outputs, _ = _passed(model, every, _replaced(values, _places(every, variables), sources), inputs, True)
                return jnp.sum(outputs[0])

            return curvature.product(loss, [values[place] for place in _places(every, variables)], direction)

        program = self.program(passed)
        return lambda inputs, direction: list(program(_values(every), inputs, direction))

    def step(self, phases: Sequence[PhaseModel]) -> Callable[[Tensors], tuple[Any, Tensors]]:
        groups = [phase.groups for phase in phases if phase.groups]
        held = [variable for group in groups for member, _ in group.members for variable in member.variables]
        trained = [variable for group in groups for variable in group.variables]
        every = _each([*(variable for phase in phases for variable in phase.model.variables), *trained, *held])

        def stepped(values: Tensors, inputs: Tensors) -> Any:
            loss, carried = None, []
            for phase in phases:
                sources = phase.groups.variables if phase.groups else []

                def ended(given: Tensors, phase: PhaseModel = phase, values: Tensors = values, sources: Any = sources) -> Any:
                    outputs, after = _passed(
                        phase.model, every, _replaced(values, _places(every, sources), given), inputs, True
                    )
                    return jnp.sum(outputs[0]), (outputs, after)

                own = [values[place] for place in _places(every, sources)]
                slopes, ((loss, *rest), values) = jax.grad(ended, has_aux=True)(own)
                carried = rest[: phase.carried]
                if phase.groups:
                    with keras.StatelessScope(state_mapping=list(zip(every, values, strict=True))) as scope:
                        phase.groups.apply(slopes)
                    values = [scope.get_current_value(variable) for variable in every]
            return loss, carried, values

        program = self.program(stepped)

        def run(inputs: Tensors) -> tuple[Any, Tensors]:
            loss, carried, after = program(_values(every), inputs)
            _assign(every, after)
            return loss, carried

        return run

    def tensor(self, array: Array, dtype: str) -> Any:
        return jax.device_put(np.array(array, dtype), jax.devices(self.kind)[0], may_alias=False)


def _passed(
    model: keras.Model, variables: Variables, values: Tensors, inputs: Tensors, training: bool
) -> tuple[Tensors, Tensors]:
    """Outputs of the model where its variables have these values, and the values of the variables afterwards."""
    with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
        outputs = listed(model(inputs, training=training))
    return outputs, [scope.get_current_value(variable) for variable in variables]


def _each(variables: Iterable[keras.Variable]) -> Variables:
    return list({id(variable): variable for variable in variables}.values())


def _values(variables: Variables) -> Tensors:
    return [variable.value for variable in variables]


def _assign(variables: Variables, values: Tensors) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _places(every: Variables, some: Sequence[keras.Variable]) -> list[int]:
    known = {id(variable): place for place, variable in enumerate(every)}
    return [known[id(variable)] for variable in some]


def _replaced(values: Tensors, places: Sequence[int], new: Tensors) -> Tensors:
    """The values with new ones at these places."""
    instead = dict(zip(places, new, strict=True))
    return [instead.get(place, value) for place, value in enumerate(values)]


def slope_of(function: Callable[[Any], Any], x: Array) -> Any:
    return jax.grad(function)(jnp.asarray(x))
