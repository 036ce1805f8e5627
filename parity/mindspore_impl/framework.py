"""Owns MindSpore as a framework under test: its description, its samples of initializers, and the realization of a case.

It refuses to draw numbers for a realization and to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mindspore
import numpy as np

from parity.execution.protocol import Array, Batch, Description, Drive, Observation, ParameterLayout, Unsupported, ZeroPartner
from parity.mindspore_impl import curvature, device, initializers, optimizers, schedules
from parity.mindspore_impl.model import Network
from parity.spec.cases import Case
from parity.spec.graph import Graph
from parity.spec.graph_facts import differentiable_inputs, observed_values

MODES, DEFAULT_MODE = ("eager", "compiled"), "eager"
Tensors = dict[str, Any]


class Implementation:
    """MindSpore, PyNative or in graph mode."""

    name = "mindspore"

    def __init__(self) -> None:
        device.prepare()

    def describe(self) -> Description:
        return Description(
            name=self.name,
            version=mindspore.__version__,
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
        return initializers.sample(case, case.sampling)

    def scheduled(self, case: Case) -> Array:
        with device.refusing(case.dtype):
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
        mindspore.set_seed(case.seed)
        with device.refusing(case.dtype):
            return Realization(case, case.graph, mode == "compiled")


@dataclass
class Trained:
    """The trained part of a phase. parameters: native name -> parameter, without frozen zero partners. update: takes one step
    from gradients in the order of the parameters."""

    layouts: list[ParameterLayout]
    parameters: dict[str, Any]
    update: Callable[[Sequence[Any]], Any] | None


class Realization:
    """One case: a network, its programs, and an optimizer per phase. A placed batch is a dict of native inputs by name."""

    def __init__(self, case: Case, graph: Graph, compiled: bool) -> None:
        self.case, self.graph, self.compiled = case, graph, compiled
        self.dtype = device.DTYPES[case.dtype]
        self.network = Network(graph, self.dtype)
        self.given = {graph_input.name: graph_input for graph_input in graph.batch_inputs()}
        self.observed = observed_values(graph, case.activations)
        self.floats = differentiable_inputs(graph)
        self.statistics = {statistic.name for statistic in graph.statistics}
        self.carried = {state.name: self._zeros(state.shape, case.batch_size) for state in graph.carried}
        self.nexts = [state.next for state in graph.carried]
        self.programs: dict[Any, Callable[..., Any]] = {}
        self.trained = [self._trained(place) for place in range(len(graph.phases))]

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        rest = dict(values)
        for layout in self.network.layouts.values():
            if not any(name in rest for name in layout.spec):
                continue
            current = {} if all(name in rest for name in layout.spec) else self._read(layout)
            wanted = current | {name: rest.pop(name) for name in layout.spec if name in rest}
            for name, value in layout.to_native(wanted).items():
                device.assign(self.network.tensor(name), value, self.dtype)
        for state in self.graph.carried:
            if state.name in rest:
                self.carried[state.name] = device.place(rest.pop(state.name), self.dtype)
        if rest:
            raise KeyError(f"{self.graph.name} has no parameter, statistic or carried state {sorted(rest)}")

    def parameters(self) -> dict[str, Array]:
        arrays: dict[str, Array] = {}
        for layout in self.network.layouts.values():
            arrays |= self._read(layout)
        return arrays | {name: device.array(tensor) for name, tensor in self.carried.items()}

    def place(self, batch: Batch) -> Tensors:
        if unknown := set(batch) - set(self.given):
            raise KeyError(f"{self.graph.name} has no input {sorted(unknown)}")
        placed = {}
        for name, array in batch.items():
            dtype = mindspore.int32 if self.given[name].dtype == "integer" else self.dtype
            placed[name] = device.place(array if self.given[name].batched else np.asarray(array)[None], dtype)
        return placed

    def forward(self, batch: Tensors, training: bool) -> Observation:
        inputs = {name: batch[name] for name in (graph_input.name for graph_input in self.graph.inputs) if name in batch}
        with device.refusing(self.case.dtype), self._unchanged():
            self.network.root.train(training)
            found = self._layers(("forward", training), {**self._carried(batch), **inputs})
            self.network.root.train(True)
            return Observation(values=self._arrays(self.observed, found))

    def gradients(self, batch: Tensors, phase: int = 0) -> Observation:
        trained, values = self.trained[phase], {**self._carried(batch), **batch}
        floats = [name for name in self.floats if name in batch]
        with device.refusing(self.case.dtype), self._unchanged():
            results = (*self.nexts, *self.observed)
            loss, found, inputs, slopes = self._differentiated("gradients", phase, values, results, floats)
            count = len(self.nexts)
            state = self._state(found[:count])
            by_name = {name: device.array(slope) for name, slope in zip(trained.parameters, slopes, strict=True)}
            return Observation(
                values=self._arrays(self.observed, found[count:]),
                loss=device.array(loss).reshape(()),
                gradients=_named(trained.layouts, by_name),
                input_gradients=self._arrays(floats, inputs),
                state=state,
            )

    def hessian_vector_product(self, batch: Tensors, direction: Mapping[str, Array]) -> dict[str, Array]:
        trained, values = self.trained[0], {**self._carried(batch), **batch}
        native = {name: value for layout in trained.layouts for name, value in layout.to_native(direction).items()}
        along = [device.place(native[name], self.dtype) for name in trained.parameters]
        program = self._made("curvature", 0, tuple(values), ())
        with device.refusing(self.case.dtype), self._unchanged():
            found = curvature.product(program, tuple(values.values()), list(trained.parameters.values()), along)
        return _named(trained.layouts, {name: device.array(one) for name, one in zip(trained.parameters, found, strict=True)})

    def step(self, batch: Tensors) -> Any:
        values, loss = {**self._carried(batch), **batch}, None
        following: Sequence[Any] = ()
        with device.refusing(self.case.dtype):
            for phase, trained in enumerate(self.trained):
                loss, following, _, slopes = self._differentiated("step", phase, values, tuple(self.nexts), [])
                if trained.update is not None:
                    trained.update(slopes)
        self.carried = dict(zip(self.carried, following, strict=True))
        return loss

    def save(self) -> dict[str, bytes]:
        return {device.FILE: device.written(self._weights())}

    def load(self, files: Mapping[str, bytes]) -> None:
        own = self._weights()
        for name, parameter in device.read(files[device.FILE], own).items():
            device.assign(own[name], parameter.asnumpy(), self.dtype)

    def synchronize(self) -> None:
        for parameter in self._weights().values():
            device.synchronize(parameter)

    def _weights(self) -> dict[str, Any]:
        return {path: self.network.tensor(path) for layout in self.network.layouts.values() for path in layout.native}

    def _made(self, kind: str, phase: int, given: tuple[str, ...], results: Sequence[str]) -> Any:
        """A program of the layers and a phase's loss, which comes first."""
        key = ("program", kind, phase, given)
        if key not in self.programs:
            own = self.graph.phases[phase]
            self.programs[key] = self.network.program(given, (*self.graph.nodes, *own.nodes), [own.loss, *results])
        return self.programs[key]

    def _layers(self, kind: tuple[str, bool], values: Tensors) -> Sequence[Any]:
        key = (*kind, tuple(values))
        if key not in self.programs:
            made = self.network.program(tuple(values), self.graph.nodes, self.observed)
            self.programs[key] = device.compiled(made) if self.compiled else made
        found: Sequence[Any] = self.programs[key](*values.values())
        return found

    def _differentiated(
        self, kind: str, phase: int, values: Tensors, results: Sequence[str], floats: Sequence[str]
    ) -> tuple[Any, Sequence[Any], Sequence[Any], Sequence[Any]]:
        """The loss of a phase, the values `results`, and the gradients of the inputs `floats` and of the phase's parameters."""
        weights, key = list(self.trained[phase].parameters.values()), (kind, phase, tuple(values))
        places = tuple(list(values).index(name) for name in floats)
        if key not in self.programs:
            program = self._made(kind, phase, tuple(values), results)

            def passed(*given: Any) -> Any:
                found = program(*given)
                return found[0], found[1:]

            made = passed
            if places or weights:
                made = mindspore.value_and_grad(passed, places or None, weights or None, has_aux=True)
            self.programs[key] = device.compiled(made) if self.compiled else made
        found = self.programs[key](*values.values())
        if not (places or weights):
            return found[0], found[1], (), ()
        (loss, seen), slopes = found
        inputs, own = (slopes[0], slopes[1]) if places and weights else (slopes, ()) if places else ((), slopes)
        return loss, seen, inputs if isinstance(inputs, tuple) else (inputs,), own if isinstance(own, tuple) else (own,)

    def _trained(self, place: int) -> Trained:
        phase = self.graph.phases[place]
        layouts = [layout for layout in self.network.layouts.values() if any(name in phase.updates for name in layout.spec)]
        if missing := set(phase.updates) - {name for layout in layouts for name in layout.spec}:
            raise Unsupported(f"phase {phase.name} updates inputs of the batch: {', '.join(sorted(missing))}")
        parameters, factors = {}, []
        for layout in layouts:
            rates = {phase.updates.get(name) for name in layout.spec}
            if len(rates) > 1:
                raise Unsupported(
                    f"MindSpore keeps {' and '.join(layout.spec)} in one parameter; they learn at different rates"
                )
            for native in layout.native[: -1 if any(isinstance(move, ZeroPartner) for move in layout.moves) else None]:
                parameters[native] = self.network.tensor(native)
                factors.append(phase.updates[layout.spec[0]])
        if self.case.optimizer == "none" or not parameters:
            return Trained(layouts, parameters, None)
        updates = list(zip(parameters.values(), factors, strict=True))
        return Trained(
            layouts, parameters, optimizers.build(self.case.optimizer, self.case.hyperparameters, updates, self.dtype)
        )

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Restores running statistics on exit."""
        items = [layout for layout in self.network.layouts.values() if layout.spec[0] in self.statistics]
        kept = [(self.network.tensor(path), device.array(self.network.tensor(path))) for item in items for path in item.native]
        yield
        for parameter, before in kept:
            device.assign(parameter, before, self.dtype)

    def _carried(self, batch: Tensors) -> Tensors:
        """The carried state; zeros, as before a first batch, where its batch size differs from the batch's."""
        sizes = (len(item) for name, item in batch.items() if self.given[name].batched)
        size = next(sizes, self.case.batch_size) if self.carried else 0
        return {name: item if len(item) == size else self._zeros(item.shape[1:], size) for name, item in self.carried.items()}

    def _zeros(self, shape: Sequence[int], batch: int) -> Any:
        return device.place(np.zeros((batch, *shape)), self.dtype)

    def _read(self, layout: ParameterLayout) -> dict[str, Array]:
        return _named([layout], {name: device.array(self.network.tensor(name)) for name in layout.native})

    def _state(self, following: Sequence[Any]) -> dict[str, Array]:
        arrays = {name: device.array(tensor) for name, tensor in zip(self.carried, following, strict=True)}
        for layout in self.network.layouts.values():
            if layout.spec[0] in self.statistics:
                arrays |= self._read(layout)
        return arrays

    def _arrays(self, names: Sequence[str], tensors: Sequence[Any]) -> dict[str, Array]:
        arrays = {name: device.array(tensor) for name, tensor in zip(names, tensors, strict=True)}
        shapes, batched = self.network.shapes, self.network.batched
        return {name: array if batched[name] else array.reshape(shapes[name]) for name, array in arrays.items()}


def _named(layouts: Sequence[ParameterLayout], native: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays under the spec's names. A frozen zero partner has no gradient; it counts as zero."""
    arrays: dict[str, Array] = {}
    for layout in layouts:
        given = {name: native[name] if name in native else np.zeros_like(native[layout.native[0]]) for name in layout.native}
        arrays |= {name: np.ascontiguousarray(value) for name, value in layout.from_native(given).items()}
    return arrays
