"""Owns ONNX Runtime as a framework under test: its description, and the realization of a case as a model that runs forward.

It refuses to train: it has no gradients, steps, initializers, optimizers or schedules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import onnx
import onnxruntime

from parity.execution.protocol import Array, Batch, Description, Drive, Observation, Unsupported
from parity.onnx_impl import device
from parity.onnx_impl.model import WrittenModel
from parity.spec.cases import Case
from parity.spec.graph import Graph
from parity.spec.graph_facts import observed_values

MODES, DEFAULT_MODE = tuple(device.LEVELS), "compiled"
OPSET = 17
"""The first opset with LayerNormalization; ONNX Runtime supports it since 1.12, of 2022."""

OPSETS = range(17, 24)
FILE, TOLD = "model.onnx", "model.json"


class Implementation:
    """ONNX Runtime, which runs node by node or with its own optimizations."""

    name = "onnx"

    def describe(self) -> Description:
        return Description(
            name=self.name,
            version=onnxruntime.__version__,
            versions=device.versions(),
            devices=device.devices(),
            modes=MODES,
            default_mode=DEFAULT_MODE,
            dtypes=tuple(device.DTYPES),
            settings={**device.settings(), "opset": str(OPSET)},
        )

    def realize(self, case: Case) -> Realization:
        if case.graph is None:
            raise ValueError(f"{case.id}: a case without a graph")
        if case.graph.phases and case.task != "weights":
            untrained("training passes, which this case asks for")
        if not case.graph.nodes:
            raise Unsupported(
                f"the networks of {case.graph.name} run in its training phases alone: it has no forward pass to run"
            )
        opset = int(case.arguments.get("opset", OPSET))
        if opset not in OPSETS:
            raise Unsupported(f"no opset {opset}: models are written for opsets {OPSETS[0]} to {OPSETS[-1]}")
        return Realization(case, case.graph, WrittenModel(case.graph, case.dtype, opset))

    def sample(self, case: Case) -> Array:
        untrained("initializers")

    def scheduled(self, case: Case) -> Array:
        untrained("schedules")

    def drive(self, request: Drive) -> list[dict[str, Array]]:
        untrained("optimizers")


class Realization:
    """One case: the exported model, and the same model with every value as an output. A placed batch is name -> array."""

    def __init__(self, case: Case, graph: Graph, model: WrittenModel) -> None:
        self.case, self.graph, self.model = case, graph, model
        self.mode = DEFAULT_MODE if case.mode == "default" else case.mode
        self.kinds = {graph_input.name: graph_input for graph_input in graph.inputs}
        self.observed = observed_values(graph, case.activations)
        self.carried = {
            carried_state.name: self._zeros(carried_state.shape, case.batch_size) for carried_state in graph.carried
        }
        self.sessions: dict[tuple[str, ...], device.LoadedModel] = {}

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        rest, arrays = dict(values), self.parameters()
        for name in [name for name in rest if name in self.carried]:
            self.carried[name] = self._float(rest.pop(name))
        if unknown := set(rest) - set(arrays):
            raise KeyError(f"{self.graph.name} has no parameter, statistic or carried state {sorted(unknown)}")
        wanted = arrays | {name: self._float(array) for name, array in rest.items()}
        for layout in self.model.layouts:
            self.model.arrays |= layout.to_native(wanted)
        self.sessions.clear()

    def parameters(self) -> dict[str, Array]:
        arrays: dict[str, Array] = {}
        for layout in self.model.layouts:
            arrays |= {name: np.array(array) for name, array in layout.from_native(self.model.arrays).items()}
        return arrays | {name: array.copy() for name, array in self.carried.items()}

    def place(self, batch: Batch) -> dict[str, Array]:
        if unknown := set(batch) - set(self.kinds):
            raise KeyError(f"{self.graph.name} has no input {sorted(unknown)}")
        placed = {}
        for name, array in batch.items():
            native = np.asarray(array, np.int64) if self.kinds[name].dtype == "integer" else self._float(array)
            placed[name] = native if self.kinds[name].batched else native[None]
        return placed

    def forward(self, batch: Mapping[str, Array], training: bool) -> Observation:
        """Outputs come from the exported model; the other values come from the same nodes with every value as an output."""
        if training:
            untrained("training passes")
        outputs = tuple(name for name in self.model.outputs if name in self.observed)
        arrays: dict[str, Array] = {}
        if others := tuple(name for name in self.observed if name not in outputs):
            arrays |= self._run((*outputs, *others), batch)
        arrays |= self._run(outputs, batch)
        return Observation(values={name: self._plain(name, arrays[name]) for name in self.observed})

    def gradients(self, batch: Any, phase: int = 0) -> Observation:
        untrained("gradients")

    def hessian_vector_product(self, batch: Any, direction: Mapping[str, Array]) -> dict[str, Array]:
        untrained("second derivatives")

    def step(self, batch: Any) -> Any:
        untrained("steps")

    def save(self) -> dict[str, bytes]:
        """The checked model, and its inputs and outputs as JSON."""
        proto = self.model.proto(self.model.outputs)
        onnx.checker.check_model(proto, full_check=True)
        return {FILE: proto.SerializeToString(deterministic=True), TOLD: json.dumps(_told(proto)).encode()}

    def load(self, files: Mapping[str, bytes]) -> None:
        self.model.take(onnx.load_model_from_string(files[FILE]))
        self.sessions.clear()

    def synchronize(self) -> None:
        """Does nothing: a run of ONNX Runtime returns when it is done."""

    def _run(self, outputs: tuple[str, ...], batch: Mapping[str, Array]) -> dict[str, Array]:
        if outputs not in self.sessions:
            model = self.model.proto(outputs).SerializeToString()
            self.sessions[outputs] = device.LoadedModel(model, self.mode, self.case.dtype)
        session = self.sessions[outputs]
        size = max((len(array) for name, array in batch.items() if self.kinds[name].batched), default=self.case.batch_size)
        states = {
            name: carried_state if len(carried_state) == size else self._zeros(carried_state.shape[1:], size)
            for name, carried_state in self.carried.items()
        }
        return session.run(outputs, {**batch, **states})

    def _plain(self, name: str, array: Array) -> Array:
        """The array in the spec's shape, without the batch axis where the spec's value has none."""
        return array if self.model.batched[name] else array.reshape(self.model.shapes[name])

    def _float(self, array: Array) -> Array:
        return np.asarray(array, device.DTYPES[self.case.dtype])

    def _zeros(self, shape: tuple[int, ...], batch: int) -> Array:
        return np.zeros((batch, *shape), device.DTYPES[self.case.dtype])


def untrained(what: str) -> NoReturn:
    raise Unsupported(f"ONNX Runtime runs models forward: it has no {what}")


def _told(proto: onnx.ModelProto) -> dict[str, Any]:
    """The opset, and the shape of each input and output by name; the size of the batch axis is a name."""

    def shape(info: onnx.ValueInfoProto) -> list[Any]:
        return [item.dim_param or item.dim_value for item in info.type.tensor_type.shape.dim]

    sides = {"inputs": proto.graph.input, "outputs": proto.graph.output}
    described: dict[str, Any] = {side: {info.name: shape(info) for info in infos} for side, infos in sides.items()}
    return {"opset": proto.opset_import[0].version, "ir_version": proto.ir_version, **described}
