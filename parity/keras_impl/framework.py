"""Owns Keras as a framework under test: its description, its samples of initializers, and the realization of a case.

It refuses to draw numbers for a realization and to judge; only model.py and device.py use the backend.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from parity.execution.protocol import Array, Batch, Description, Drive, Observation, ParameterLayout, Unsupported, check_native
from parity.keras_impl import device, initializers, layers, model, optimizers, schedules
from parity.keras_impl.wiring import Wiring, sequenced
from parity.spec.cases import Case
from parity.spec.graph import Graph, Node
from parity.spec.graph_facts import differentiable_inputs, observed_values

DTYPES = ("float64", "float32")


class Implementation:
    """Keras 3, on the backend that the environment names."""

    name = "keras"

    def describe(self) -> Description:
        return Description(
            name=self.name,
            version=keras.__version__,
            versions=device.versions(),
            devices=device.devices(),
            modes=model.MODES,
            default_mode=model.DEFAULT_MODE,
            dtypes=DTYPES,
            settings=device.settings(),
        )

    def sample(self, case: Case) -> Array:
        if case.sampling is None:
            raise ValueError(f"{case.id}: a sampling case without a sampling")
        _set_precision(case.dtype)
        return initializers.sample(case, case.sampling)

    def scheduled(self, case: Case) -> Array:
        _set_precision(case.dtype)
        return schedules.rates(case)

    def drive(self, request: Drive) -> list[dict[str, Array]]:
        _set_precision(next(iter(request.initial.values())).dtype.name)
        return optimizers.drive(request)

    def realize(self, case: Case) -> Realization:
        if case.graph is None:
            raise ValueError(f"{case.id}: a case without a graph")
        mode = model.DEFAULT_MODE if case.mode == "default" else case.mode
        if mode not in model.MODES:
            raise Unsupported(f"no mode {mode!r}; there are {', '.join(model.MODES)}")
        if case.device not in device.devices():
            raise Unsupported(f"no device {case.device!r} here")
        _set_precision(case.dtype)
        return Realization(case, case.graph, mode)


def _set_precision(dtype: str) -> None:
    if dtype not in DTYPES:
        raise Unsupported(f"no dtype {dtype!r}; there are {', '.join(DTYPES)}")
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


class Realization:
    """One case, as functional models that share one set of layers. A placed batch is a dict of native tensors."""

    def __init__(self, case: Case, graph: Graph, mode: str) -> None:
        self.case, self.graph = case, graph
        self.programs = model.Programs(mode, case.device)
        self.wiring = Wiring(graph, graph, case.dtype, case.seed, layers.LAYERS)
        with device.place(case.device):
            self.wiring.assemble()
        self.observed = observed_values(graph, case.activations)
        self.floats = differentiable_inputs(graph)
        self.layouts, self.statistics = layers.each(graph, layers.layout), layers.each(graph, layers.statistics)
        variables = self._all_variables()
        self.variables = {variable.path: variable for variable in variables}
        self.moving = [variable for variable in variables if not variable.trainable]
        self.groups = [self._groups(place) for place in range(len(graph.phases))]
        self.carried = {state.name: self._zeros(state.name, case.batch_size) for state in graph.carried}
        self.made: dict[Any, Any] = {}

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        rest = dict(values)
        for layout in (*self.layouts, *self.statistics):
            if not any(name in rest for name in layout.spec):
                continue
            wanted = {} if all(name in rest for name in layout.spec) else self._read(layout)
            wanted |= {name: rest.pop(name) for name in layout.spec if name in rest}
            for name, value in layout.to_native(wanted).items():
                self.variables[name].assign(np.array(value, order="C"))
        for name in [name for name in rest if name in self.carried]:
            self.carried[name] = self._tensor(name, rest.pop(name))
        if rest:
            raise KeyError(f"{self.graph.name} has no parameter, statistic or carried state {sorted(rest)}")

    def parameters(self) -> dict[str, Array]:
        arrays: dict[str, Array] = {}
        for layout in (*self.layouts, *self.statistics):
            arrays |= self._read(layout)
        return arrays | {name: self._array(name, tensor) for name, tensor in self.carried.items()}

    def place(self, batch: Batch) -> dict[str, Any]:
        names = {graph_input.name for graph_input in self.graph.batch_inputs()}
        if unknown := set(batch) - names:
            raise KeyError(f"{self.graph.name} has no input {sorted(unknown)}")
        return {name: self._tensor(name, array) for name, array in batch.items()}

    def forward(self, batch: Mapping[str, Any], training: bool) -> Observation:
        if not self.observed:
            return Observation()
        key = ("forward", training)
        if key not in self.made:
            self.made[key] = self.programs.forward(self._model(self.observed), training)
        kept = model.snapshot(self.moving)
        values = self.made[key](self._inputs(batch, loss_inputs=False))
        model.restore(kept)
        return Observation(values=self._arrays(self.observed, values))

    def gradients(self, batch: Mapping[str, Any], phase: int = 0) -> Observation:
        wanted = self._updated(phase)
        key, nexts = ("gradients", phase), [state.next for state in self.graph.carried]
        if key not in self.made:
            outputs = [self.graph.phases[phase].loss, *self.observed, *nexts, *self._moved(phase)]
            places = [place for place, name in enumerate(self._input_names(True)) if name in self.floats]
            variables = [self.variables[name] for layout in wanted for name in layout.native]
            self.made[key] = self.programs.gradients(self._model(outputs, phase), variables, places)
        kept = model.snapshot(self.moving)
        passed = self.made[key](self._inputs(batch, loss_inputs=True))
        state: dict[str, Array] = {}
        for layout in self.statistics:
            state |= self._read(layout)
        model.restore(kept)
        count = len(self.observed)
        carried = zip(self.graph.carried, nexts, passed.values[count : count + len(nexts)], strict=True)
        state |= {own.name: self._array(name, tensor) for own, name, tensor in carried}
        names = [name for name in self._input_names(True) if name in self.floats]
        return Observation(
            values=self._arrays(self.observed, passed.values[:count]),
            loss=model.array(passed.loss),
            gradients=_gradients(wanted, passed.gradients),
            input_gradients=self._arrays(names, passed.input_gradients),
            state=state,
        )

    def hessian_vector_product(self, batch: Mapping[str, Any], direction: Mapping[str, Array]) -> dict[str, Array]:
        wanted = self._updated(0)
        if "product" not in self.made:
            variables = [self.variables[name] for layout in wanted for name in layout.native]
            self.made["product"] = self.programs.hessian_vector_product(self._phase(0).model, variables)
        native = [array for layout in wanted for array in layout.to_native(direction).values()]
        along = [self.programs.tensor(array, self.case.dtype) for array in native]
        kept = model.snapshot(self.moving)
        products = self.made["product"](self._inputs(batch, loss_inputs=True), along)
        model.restore(kept)
        return _gradients(wanted, products)

    def step(self, batch: Mapping[str, Any]) -> Any:
        if "step" not in self.made:
            self.made["step"] = self.programs.step([self._phase(place) for place in range(len(self.graph.phases))])
        loss, carried = self.made["step"](self._inputs(batch, loss_inputs=True))
        for state, tensor in zip(self.graph.carried, carried, strict=True):
            self.carried[state.name] = tensor
        return loss

    def save(self) -> dict[str, bytes]:
        files = {}
        with tempfile.TemporaryDirectory() as folder:
            for name, whole in self._wholes().items():
                path = Path(folder, name)
                whole.save_weights(path)
                files[name] = path.read_bytes()
        return files

    def load(self, files: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, whole in self._wholes().items():
                path = Path(folder, name)
                whole.save_weights(path)
                own = device.held(path)
                path.write_bytes(files[name])
                check_native(name, device.held(path), own)
                whole.load_weights(path)

    def _wholes(self) -> dict[str, keras.Model]:
        """File name -> a model of every value of one phase."""
        phases = (*range(len(self.graph.phases)),) or (None,)
        observed_names = {phase: list(self.wiring.values if phase is None else self.wiring.scopes[phase]) for phase in phases}
        return {f"phase{phase or 0}.weights.h5": self._model(names, phase) for phase, names in observed_names.items()}

    def synchronize(self) -> None:
        device.synchronize()

    def _phase(self, place: int) -> model.PhaseModel:
        nexts = [state.next for state in self.graph.carried]
        outputs = [self.graph.phases[place].loss, *nexts, *self._moved(place)]
        return model.PhaseModel(self._model(outputs, place), self.groups[place], len(nexts))

    def _groups(self, place: int) -> optimizers.Groups | None:
        """The optimizers of a phase; None where the case has no optimizer, or the phase updates nothing."""
        factors, updated = self.graph.phases[place].updates, self._updated(place)
        updates = [(self.variables[name], factors[layout.spec[0]]) for layout in updated for name in layout.native]
        if self.case.optimizer == "none" or not updates:
            return None
        return optimizers.Groups(self.case.optimizer, self.case.hyperparameters, updates)

    def _moved(self, phase: int) -> list[str]:
        """Values of nodes with statistics. Training moves statistics even where the loss does not depend on the value."""
        return [node.name for node in self._nodes(phase) if node.statistics]

    def _updated(self, phase: int) -> list[ParameterLayout]:
        updates = self.graph.phases[phase].updates
        layouts = [layout for layout in self.layouts if any(name in updates for name in layout.spec)]
        names = {name for layout in layouts for name in layout.spec}
        if missing := set(updates) - names:
            raise Unsupported(f"phase {phase} updates inputs of the batch: {', '.join(sorted(missing))}")
        for layout in layouts:
            if len({updates.get(name) for name in layout.spec}) > 1:
                raise Unsupported(f"{' and '.join(layout.spec)} are one Keras variable and learn at different rates")
        return layouts

    def _model(self, outputs: Sequence[str], phase: int | None = None) -> keras.Model:
        """A model of some values of a phase, which also reads the inputs of the loss; without a phase, of the layers alone."""
        values = self.wiring.values if phase is None else self.wiring.scopes[phase]
        inputs = [values[name] for name in self._input_names(phase is not None)]
        made = keras.Model(inputs, [values[name] for name in outputs])
        moved = [tuple(node.statistics.values()) for node in self._nodes(phase) if node.statistics]
        return made if len(set(moved)) == len(moved) else sequenced(made, values.values())

    def _nodes(self, phase: int | None) -> tuple[Node, ...]:
        return self.graph.nodes + (() if phase is None else self.graph.phases[phase].nodes)

    def _all_variables(self) -> list[keras.Variable]:
        variables: dict[int, keras.Variable] = {}
        for phase in (*range(len(self.graph.phases)),) or (None,):
            names = list(self.wiring.values if phase is None else self.wiring.scopes[phase])
            variables |= {id(variable): variable for variable in self._model(names, phase).variables}
        return list(variables.values())

    def _input_names(self, loss_inputs: bool) -> list[str]:
        alone = not (self.graph.inputs or self.graph.carried)  # parameters without an input use the loss's inputs
        graph_inputs = self.graph.batch_inputs() if loss_inputs or alone else self.graph.inputs
        return [value.name for value in graph_inputs] + [state.name for state in self.graph.carried]

    def _inputs(self, batch: Mapping[str, Any], loss_inputs: bool) -> list[Any]:
        """Inputs in the model's order. Carried state is zeros, as before a first batch, where its batch size differs."""
        batched = [graph_input.name for graph_input in self.graph.inputs if graph_input.batched]
        size = batch[batched[0]].shape[0] if batched else self.case.batch_size
        carried = {
            name: tensor if tensor.shape[0] == size else self._zeros(name, size) for name, tensor in self.carried.items()
        }
        return [carried[name] if name in carried else batch[name] for name in self._input_names(loss_inputs)]

    def _zeros(self, name: str, size: int) -> Any:
        lies = self.wiring.arrangement[name]
        return self.programs.tensor(np.zeros((size, *lies.native_shape)), self.case.dtype)

    def _tensor(self, name: str, array: Array) -> Any:
        lies = self.wiring.arrangement[name]
        integer = any(graph_input.name == name and graph_input.dtype == "integer" for graph_input in self.graph.batch_inputs())
        return self.programs.tensor(lies.to_native(np.asarray(array)), "int32" if integer else self.case.dtype)

    def _array(self, name: str, tensor: Any) -> Array:
        return self.wiring.arrangement[name].from_native(model.array(tensor))

    def _arrays(self, names: Sequence[str], tensors: Any) -> dict[str, Array]:
        return {name: self._array(name, tensor) for name, tensor in zip(names, tensors, strict=True)}

    def _read(self, layout: ParameterLayout) -> dict[str, Array]:
        native = {name: model.array(self.variables[name].value) for name in layout.native}
        return {name: np.array(value, order="C") for name, value in layout.from_native(native).items()}


def _gradients(layouts: list[ParameterLayout], tensors: list[Any]) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    rest = iter(tensors)
    for layout in layouts:
        native = {name: model.array(next(rest)) for name in layout.native}
        arrays |= {name: np.array(value, order="C") for name, value in layout.from_native(native).items()}
    return arrays
