"""Owns JAX as a framework under test: its description, its samples of initializers, and the realization of a case.

It refuses to draw numbers for a realization and to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import jax
import numpy as np
import optax

from parity.execution.protocol import Array, Batch, Description, Drive, Observation, ParameterLayout, Unsupported
from parity.jax_impl import curvature, device, initializers, optimizers, schedules
from parity.jax_impl.model import Network, images, named
from parity.jax_impl.wiring import LaidTensor
from parity.spec.cases import Case
from parity.spec.graph import Graph, Input
from parity.spec.graph_facts import differentiable_inputs, observed_values

MODES, DEFAULT_MODE = ("eager", "compiled"), "compiled"
KEPT = 16
"""Layers (cases or nodes) until compiled programs are dropped: JAX keeps all, 25 megabytes for a convolution in float64."""

Tensors = dict[str, Any]


class Implementation:
    """JAX with Flax NNX and Optax, through jax.jit or without it."""

    name = "jax"

    def __init__(self) -> None:
        device.prepare()
        self.realized = count()

    def describe(self) -> Description:
        return Description(
            name=self.name,
            version=jax.__version__,
            versions=device.versions(),
            devices=device.devices(),
            modes=MODES,
            default_mode=DEFAULT_MODE,
            dtypes=tuple(device.DTYPES),
            settings=device.settings(),
        )

    def sample(self, case: Case) -> Array:
        if case.sampling is None:
            raise ValueError(f"{case.id}: a sampling case without a sampling")
        device.choose_precision(case.dtype)
        return initializers.sample(case, case.sampling)

    def scheduled(self, case: Case) -> Array:
        device.choose_precision(case.dtype)
        return schedules.rates(case)

    def drive(self, request: Drive) -> list[dict[str, Array]]:
        return optimizers.drive(request)

    def realize(self, case: Case) -> Realization:
        if case.graph is None:
            raise ValueError(f"{case.id}: a case without a graph")
        mode = DEFAULT_MODE if case.mode == "default" else case.mode
        if mode not in MODES:
            raise Unsupported(f"no mode {mode!r}; there are {', '.join(MODES)}")
        if case.device not in device.devices():
            raise Unsupported(f"no device {case.device!r} here")
        device.choose_precision(case.dtype)
        if next(self.realized) % KEPT == 0 or len(case.graph.nodes) > KEPT:
            jax.clear_caches()
        return Realization(case, case.graph, mode == "compiled")


@dataclass
class Trained:
    """The trained part of a phase: layouts, native names, and the rule (None if nothing is updated) with its state."""

    layouts: list[ParameterLayout]
    names: tuple[str, ...]
    rule: optax.GradientTransformation | None
    state: Any = None


@dataclass
class Moving:
    """Everything that steps change. rest: statistics, and the keys and counters of random numbers."""

    parameters: Tensors
    rest: Tensors
    carried: Tensors
    states: list[Any] = field(default_factory=list)


class Realization:
    """One case: a network, its programs, and a rule per phase. A placed batch is a dict of native inputs by name."""

    def __init__(self, case: Case, graph: Graph, compiled: bool) -> None:
        self.case, self.graph, self.compiled = case, graph, compiled
        self.dtype = device.DTYPES[case.dtype]
        self.network = Network(graph, self.dtype, case.seed)
        self.given = {graph_input.name: graph_input for graph_input in graph.batch_inputs()}
        self.images = images(graph)
        self.observed = observed_values(graph, case.activations)
        self.floats = differentiable_inputs(graph)
        self.trained = [self._trained(place) for place in range(len(graph.phases))]
        parameters, rest = map(self._own, self.network.blank())
        carried = {state.name: self._zeros(state.shape, case.batch_size) for state in graph.carried}
        self.held = Moving(parameters, rest, carried)
        starts = [(phase.rule, {name: parameters[name] for name in phase.names}) for phase in self.trained]
        self.held.states = [rule.init(start) if rule else None for rule, start in starts]
        self.programs: dict[tuple[str, Any], Callable[..., Any]] = {}

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        rest = dict(values)
        for layout in self.network.layouts.values():
            if layout.spec[0] in rest:
                for path, array in layout.to_native({layout.spec[0]: rest.pop(layout.spec[0])}).items():
                    self._group(path)[path] = self._placed(array)
        for state in self.graph.carried:
            if state.name in rest:
                self.held.carried[state.name] = self._placed(rest.pop(state.name))
        if rest:
            raise KeyError(f"{self.graph.name} has no parameter, statistic or carried state {sorted(rest)}")

    def parameters(self) -> dict[str, Array]:
        arrays = named(self.network.layouts.values(), {**self.held.parameters, **self.held.rest})
        return arrays | {name: device.array(tensor) for name, tensor in self.held.carried.items()}

    def place(self, batch: Batch) -> Tensors:
        if unknown := set(batch) - set(self.given):
            raise KeyError(f"{self.graph.name} has no input {sorted(unknown)}")
        return {name: self._input(self.given[name], array) for name, array in batch.items()}

    def forward(self, batch: Tensors, training: bool) -> Observation:
        inputs = {graph_input.name: batch[graph_input.name] for graph_input in self.graph.inputs}
        held = self.held
        values = self._program("forward", training)(held.parameters, held.rest, self._carried(batch), inputs)
        return Observation(values=self._arrays(values))

    def gradients(self, batch: Tensors, phase: int = 0) -> Observation:
        held, trained = self.held, self.trained[phase]
        answer = self._program("gradients", phase)(held.parameters, held.rest, self._carried(batch), batch)
        (loss, values, rest, carried), (slopes, inputs) = answer
        statistics = [layout for layout in self.network.layouts.values() if layout.native[0] in rest]
        state = named(statistics, rest) | {name: device.array(carried_state) for name, carried_state in carried.items()}
        return Observation(
            values=self._arrays(values),
            loss=device.array(loss).reshape(()),
            gradients=named(trained.layouts, slopes),
            input_gradients={name: self._output(name, input_) for name, input_ in inputs.items()},
            state=state,
        )

    def hessian_vector_product(self, batch: Tensors, direction: Mapping[str, Array]) -> dict[str, Array]:
        held, trained = self.held, self.trained[0]
        native = [layout.to_native(direction) for layout in trained.layouts]
        along = {path: self._placed(array) for entry in native for path, array in entry.items()}
        products = self._program("curvature", 0)(held.parameters, held.rest, self._carried(batch), batch, along)
        return named(trained.layouts, products)

    def step(self, batch: Tensors) -> Any:
        held = self.held
        arguments = (held.parameters, held.rest, held.states, self._carried(batch))
        loss, held.parameters, held.rest, held.states, held.carried = self._program("step", 0)(*arguments, batch)
        return loss

    def save(self) -> dict[str, bytes]:
        return {"weights.msgpack": device.written(self._weights())}

    def load(self, files: Mapping[str, bytes]) -> None:
        for path, array in device.read("weights.msgpack", files["weights.msgpack"], self._weights()).items():
            self._group(path)[path] = self._placed(array)

    def synchronize(self) -> None:
        jax.block_until_ready(self.held.parameters)

    def _program(self, kind: str, which: Any) -> Callable[..., Any]:
        """A program, traced once, at its first use. which: for `forward`, whether to train; for the other kinds, the phase."""
        if (kind, which) not in self.programs:
            donated = (0, 1, 2, 3) if kind == "step" else ()
            made = partial(getattr(self, f"_run_{kind}"), which)
            self.programs[kind, which] = jax.jit(made, donate_argnums=donated) if self.compiled else device.eager(made)
        return self.programs[kind, which]

    def _run_forward(self, training: bool, parameters: Tensors, rest: Tensors, carried: Tensors, batch: Tensors) -> Tensors:
        values, _ = self.network.walk(parameters, rest, self._values(carried, batch), self.graph.nodes, training)
        return {name: values[name].first() for name in self.observed}

    def _run_gradients(self, phase: int, parameters: Tensors, rest: Tensors, carried: Tensors, batch: Tensors) -> Any:
        """Gives (loss, values, rest and carried state after the pass), (gradients by parameters, by inputs)."""

        def loss(trained: Tensors, floats: Tensors) -> tuple[Any, Any]:
            end, values, left = self._passed(phase, {**parameters, **trained}, rest, carried, {**batch, **floats})
            shown = {name: values[name].first() for name in self.observed}
            return end, (end, shown, left, self._following(values))

        trained = {name: parameters[name] for name in self.trained[phase].names}
        slopes, answer = jax.grad(loss, argnums=(0, 1), has_aux=True)(trained, {name: batch[name] for name in self.floats})
        return answer, slopes

    def _run_curvature(
        self, phase: int, parameters: Tensors, rest: Tensors, carried: Tensors, batch: Tensors, along: Tensors
    ) -> Tensors:
        def loss(trained: Tensors) -> Any:
            return self._passed(phase, {**parameters, **trained}, rest, carried, batch)[0]

        return curvature.product(loss, {name: parameters[name] for name in along}, along)

    def _run_step(
        self, _: int, parameters: Tensors, rest: Tensors, states: list[Any], carried: Tensors, batch: Tensors
    ) -> tuple[Any, Tensors, Tensors, list[Any], Tensors]:
        """Every phase in order, each with its update."""
        states, end, following = list(states), None, carried
        for phase, item in enumerate(self.trained):

            def loss(trained: Tensors, phase: int = phase, held: Tensors = parameters, rest: Tensors = rest) -> tuple[Any, Any]:
                value, values, left = self._passed(phase, {**held, **trained}, rest, carried, batch)
                return value, (left, self._following(values))

            trained = {name: parameters[name] for name in item.names}
            (end, (rest, following)), slopes = jax.value_and_grad(loss, has_aux=True)(trained)
            if item.rule is not None:
                updates, states[phase] = item.rule.update(slopes, states[phase], trained)
                parameters = {**parameters, **optax.apply_updates(trained, updates)}
        return end, parameters, rest, states, following

    def _passed(
        self, phase: int, parameters: Tensors, rest: Tensors, carried: Tensors, batch: Tensors
    ) -> tuple[Any, dict[str, LaidTensor], Tensors]:
        """The loss of a phase in training mode, every value, and the rest after the pass."""
        own = self.graph.phases[phase]
        values_given = self._values(carried, batch)
        values, left = self.network.walk(parameters, rest, values_given, (*self.graph.nodes, *own.nodes), training=True)
        return values[own.loss].tensor.reshape(()), values, left

    def _values(self, carried: Tensors, batch: Tensors) -> dict[str, LaidTensor]:
        return {name: LaidTensor(item, name in self.images) for name, item in {**carried, **batch}.items()}

    def _following(self, values: Mapping[str, LaidTensor]) -> Tensors:
        return {state.name: values[state.next].first() for state in self.graph.carried}

    def _trained(self, place: int) -> Trained:
        phase = self.graph.phases[place]
        layouts = [layout for layout in self.network.layouts.values() if layout.spec[0] in phase.updates]
        if missing := set(phase.updates) - {layout.spec[0] for layout in layouts}:
            raise Unsupported(f"phase {phase.name} updates inputs of the batch: {', '.join(sorted(missing))}")
        factors = {layout.native[0]: phase.updates[layout.spec[0]] for layout in layouts}
        rule = None
        if self.case.optimizer != "none" and factors:
            rule = optimizers.build(self.case.optimizer, self.case.hyperparameters, factors)
        return Trained(layouts, tuple(factors), rule)

    def _carried(self, batch: Tensors) -> Tensors:
        """The carried state; zeros, as before a first batch, where its batch size differs from the batch's."""
        sizes = (len(item) for name, item in batch.items() if self.given[name].batched)
        size = next(sizes, self.case.batch_size) if self.held.carried else 0
        held = self.held.carried.items()
        return {name: item if len(item) == size else self._zeros(item.shape[1:], size) for name, item in held}

    def _zeros(self, shape: Sequence[int], batch: int) -> jax.Array:
        return self._placed(np.zeros((batch, *shape)))

    def _placed(self, array: Array) -> jax.Array:
        return device.place(array, self.case.device, self.dtype)

    def _own(self, arrays: Mapping[str, Any]) -> Tensors:
        """Arrays of the model, placed on the case's device."""
        return {path: jax.device_put(array, jax.devices(self.case.device)[0]) for path, array in arrays.items()}

    def _group(self, path: str) -> Tensors:
        return self.held.parameters if path in self.held.parameters else self.held.rest

    def _weights(self) -> Tensors:
        """Parameters and statistics, without keys of random numbers."""
        every = {**self.held.parameters, **self.held.rest}
        return {path: every[path] for layout in self.network.layouts.values() for path in layout.native}

    def _input(self, graph_input: Input, array: Array) -> jax.Array:
        array = np.asarray(array) if graph_input.batched else np.asarray(array)[None]
        array = np.moveaxis(array, 1, -1) if graph_input.name in self.images else array
        return device.place(array, self.case.device, np.int32 if graph_input.dtype == "integer" else self.dtype)

    def _output(self, name: str, tensor: Any) -> Array:
        """The gradient of an input, in the spec's layout."""
        array = device.array(tensor)
        array = np.ascontiguousarray(np.moveaxis(array, -1, 1)) if name in self.images else array
        return array if self.given[name].batched else array[0]

    def _arrays(self, tensors: Tensors) -> dict[str, Array]:
        values = {node.value(suffix): (node, shape) for node in self.graph.nodes for suffix, shape in node.outputs.items()}
        arrays = {name: device.array(tensor) for name, tensor in tensors.items()}
        return {name: array if values[name][0].batched else array.reshape(values[name][1]) for name, array in arrays.items()}
