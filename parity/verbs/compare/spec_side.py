"""Owns a spec as one side of a comparison: the reference computes its graph, which is observed like a user's own model.

It refuses to know a framework, and to apply dropout: no two masks are alike, and a model's own dropout is off too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity import __version__
from parity.comparing.random_arrays import BATCH
from parity.errors import UsageError
from parity.execution.names import (
    AFTER,
    GIVEN,
    GRADIENT,
    INPUT_GRADIENT,
    OUTPUT,
    STATE,
    TAKEN,
    WEIGHT,
    array_name,
    in_order,
    numbered,
    of_calls,
    put_under,
)
from parity.execution.own_model.calling import Accepted, Calling
from parity.execution.own_model.layers import Call, OwnLayer, Shape, unstacked
from parity.execution.own_model.model_server import Answering
from parity.ops import TABLE
from parity.ops.definition import Op, Run, evaluate
from parity.reference_impl import walk as walking
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.spec.graph import Graph, Input, Node, Parameter
from parity.trials.streams import stream
from parity.verbs.compare import spec_layers
from parity.verbs.compare.printing import DTYPES, ComparedModel

Array = npt.NDArray[Any]
Arrays = dict[str, Array]


SPEC = "spec"
"""The word in the place of the framework on the command line: `spec=lenet`."""


class GraphAsModel:
    """A graph with the interface of a user's own model (parity.execution.own_model.layers.OwnModel)."""

    def __init__(self, graph: Graph, dtype: str) -> None:
        nodes = tuple(replace(node, evaluate=node.evaluate or _drops(node)) for node in graph.nodes)
        self.graph, self.dtype = replace(graph, nodes=nodes, training_inputs=()), np.dtype(dtype)
        self.arrays = {parameter.name: _begin(parameter).astype(dtype) for parameter in graph.parameters}
        self.arrays |= {statistic.name: np.full(statistic.shape, statistic.initial, dtype) for statistic in graph.statistics}
        self.walks: dict[bool, walking.Walk] = {}
        self.draws: dict[str, list[dict[str, Any]]] = {}
        self.scaled = self.plain = False
        self.calling, self.named = Calling(), list(self.graph.outputs)

    def accepts(self, _: Sequence[str]) -> Accepted:
        return Accepted()

    def given_inputs(self) -> list[tuple[Shape, str, int | None, str]] | None:
        return [(graph_input.shape, graph_input.dtype, None, "") for graph_input in self.graph.inputs]

    def trace(self, inputs: Sequence[Array]) -> tuple[list[OwnLayer], list[Call], list[Shape]]:
        arrays = self.forward(inputs)
        leaves = [part for node in self.graph.nodes for part in _parts(spec_layers.leaf(self.graph, node), node)]
        calls = [_call(place, node, arrays) for place, node in enumerate(self.graph.nodes)]
        return leaves, calls, [array.shape for array in in_order(arrays, OUTPUT)]

    def weights(self) -> Arrays:
        return dict(self.arrays)

    def set_weights(self, values: Mapping[str, Array]) -> None:
        self.arrays |= {name: value.astype(self.dtype) for name, value in values.items()}

    def forward(self, inputs: Sequence[Array]) -> Arrays:
        return self._told(self._walk(inputs, training=False))

    def train(self, inputs: Sequence[Array], loss: Sequence[Array], learning_rate: float) -> Arrays:
        walk = self._walk(inputs, training=True)
        seeds = dict[str, Array]()
        for name, weight in zip(self.graph.outputs, loss, strict=True):
            seeds[name] = seeds[name] + weight.astype(self.dtype) if name in seeds else weight.astype(self.dtype)
        gradients = walking.backward(walk, seeds)
        arrays = put_under(gradients.parameters, GRADIENT)
        for place, graph_input in enumerate(self.graph.inputs):
            if graph_input.dtype == "float":
                arrays[array_name(INPUT_GRADIENT, place)] = gradients.inputs[graph_input.name]
        rate = self.dtype.type(learning_rate)
        after = {**self.arrays, **{name: walk.state[name] for name in (statistic.name for statistic in self.graph.statistics)}}
        after |= {name: after[name] - rate * array for name, array in gradients.parameters.items()}
        return {**self._told(walk), **arrays, **put_under(after, AFTER)}

    def functions(
        self, inputs: Sequence[Array], training: bool, between: tuple[int, int], replaced: Mapping[int, Sequence[Array]]
    ) -> tuple[list[dict[str, Any]], Arrays]:
        """Another pass, without functions: a spec has no code between its nodes."""
        return [], self._told(self._walk(inputs, training))

    def rerun(self, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        """Runs one node again, alone. Gives nothing for a scan, whose body is no op that could run alone."""
        node, walk = self.graph.nodes[change["call"]], self.walks[change["training"]]
        if node.op == spec_layers.SCAN:
            return {}
        kind = spec_layers.kind_of(node)
        settings = {word: value for word, value in change["settings"].items() if word in kind.settings}
        attributes = {kind.settings[word].attribute: kind.settings[word].write(value) for word, value in settings.items()}
        taken = {
            name: np.asarray(arrays.get(array_name(TAKEN, slot), walk.values[name])) for slot, name in enumerate(node.sources())
        }
        outputs = self._alone(node, change["training"], taken, {**node.attributes, **attributes}, arrays)
        named = outputs if isinstance(outputs, dict) else {"": outputs}
        placed_arrays = numbered((named[suffix] for suffix in node.outputs), GIVEN)
        return placed_arrays | put_under(
            {name: named.get(role, self.arrays[name]) for role, name in node.statistics.items()}, STATE
        )

    def _alone(
        self, node: Node, training: bool, taken: Arrays, attributes: Mapping[str, Any], changed: Mapping[str, Array]
    ) -> Any:
        """The outputs of a node's op on these arrays, of any shape."""
        width = max((len(array) for name, array in taken.items() if self._batched(name)), default=1)
        values = {
            name: (array if self._batched(name) else np.broadcast_to(array, (width, *array.shape)))
            for name, array in taken.items()
        }
        values = {name: array.astype(self.dtype) if array.dtype.kind == "f" else array for name, array in values.items()}
        roles: dict[str, Any] = {
            role: values[source] if isinstance(source, str) else tuple(values[name] for name in source)
            for role, source in node.inputs.items()
        }
        for role, name in (*node.parameters.items(), *node.statistics.items()):
            roles[role] = np.asarray(changed.get(array_name(WEIGHT, name), self.arrays[name])).astype(self.dtype)
        run = Run(self.dtype.name, training and not node.evaluate)
        return evaluate(TABLE[node.op], run, roles, attributes)[0]

    def _batched(self, name: str) -> bool:
        batched = {graph_input.name: graph_input.batched for graph_input in self.graph.inputs}
        batched |= {node.value(suffix): node.batched for node in self.graph.nodes for suffix in node.outputs}
        return batched.get(name, True)

    def _walk(self, inputs: Sequence[Array], training: bool) -> walking.Walk:
        values = {
            graph_input.name: array.astype(self.dtype if graph_input.dtype == "float" else np.int64)
            for graph_input, array in zip(self.graph.inputs, inputs, strict=True)
        }
        width = max((len(values[graph_input.name]) for graph_input in self.graph.inputs if graph_input.batched), default=1)
        carried = {
            carried_state.name: np.zeros((width, *carried_state.shape), self.dtype) for carried_state in self.graph.carried
        }
        walk = walking.forward(self.graph, {**values, **carried, **self.arrays}, Run(self.dtype.name, training))
        self.walks[training] = walk
        return walk

    def _told(self, walk: walking.Walk) -> Arrays:
        arrays = numbered((walk.values[name] for name in self.graph.outputs), OUTPUT)
        return arrays | of_calls(
            (
                [walk.values[name] for name in node.sources()],
                [walk.values[node.value(suffix)] for suffix in node.outputs],
            )
            for node in self.graph.nodes
        )


def _parts(leaf: OwnLayer, node: Node) -> list[OwnLayer]:
    return unstacked(leaf) if node.op in spec_layers.GATES else [leaf]


def _call(place: int, node: Node, arrays: Mapping[str, Array]) -> Call:
    taken = tuple(arrays[array_name(TAKEN, place, slot)].shape for slot, _ in enumerate(node.sources()))
    return Call(
        node.name, taken, tuple(arrays[array_name(GIVEN, place, number)].shape for number, _ in enumerate(node.outputs))
    )


def _drops(node: Node) -> bool:
    """Whether an op applies dropout while training. A scan does not itself; the nodes of its body may."""
    return node.op != spec_layers.SCAN and Op(TABLE[node.op]).masks is not None


def _begin(parameter: Parameter) -> Array:
    """Initial weights around which a comparison draws: a constant, or numbers whose spread keeps the variance of values."""
    if parameter.role in ("scale", "slope"):
        return np.ones(parameter.shape)
    if parameter.role not in ("kernel", "recurrent_kernel", "table"):
        return np.zeros(parameter.shape)
    spread = np.sqrt(1 / parameter.fan_in) if parameter.role != "table" else 1.0
    return np.asarray(stream("spec", parameter.name).standard_normal(parameter.shape) * spread)


class InProcess:
    """Answers the same questions as parity.execution.own_model.model_client.Conversation, for a spec and in this process."""

    def __init__(self, graph: Graph, dtype: str) -> None:
        self._answering = Answering(
            GraphAsModel(graph, dtype), __version__, [_given(graph_input) for graph_input in graph.inputs], spec=True
        )

    def ask(self, what: str, arrays: Mapping[str, Array] | None = None, **question: Any) -> tuple[Any, Arrays]:
        answer, outputs = getattr(self._answering, what)(question, dict(arrays or {}))
        plain = json.loads(json.dumps(answer, default=asdict))
        return plain, {name: np.asarray(array) for name, array in outputs.items()}


def _given(graph_input: Input) -> str:
    """The input as text in the form of `--inputs`."""
    shape = "x".join(str(size) for size in ((BATCH, *graph_input.shape) if graph_input.batched else graph_input.shape))
    return shape if graph_input.dtype == "float" else f"{shape}:0..{(graph_input.below or 2) - 1}"


def side(label: str, name: str, size: str) -> ComparedModel:
    """The side `spec=NAME`. Raises SpecError, and UsageError for a spec that is no architecture."""
    spec = language.load(name)
    if not isinstance(spec, language.Architecture):
        raise UsageError(f"{name} is no architecture: a model can be held against a network alone")
    graph = expand(spec, size)
    return ComparedModel(label, SPEC, name, {dtype: InProcess(graph, dtype) for dtype in DTYPES})
