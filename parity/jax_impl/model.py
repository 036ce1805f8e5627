"""Owns the programs of a case: a model with every native layer of a graph, and pure functions that walk its nodes.

It refuses to know an op, an optimizer or an array of the case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from flax import nnx

from parity.execution.protocol import Array, ParameterLayout, Unsupported
from parity.jax_impl import device
from parity.jax_impl.layers import LAYERS, layout
from parity.jax_impl.ops.images import READERS
from parity.jax_impl.wiring import LaidTensor, Site, Use, attribute
from parity.spec.graph import Graph, Node, Shape

Arrays = Mapping[str, jax.Array]
"""Path below the model's root -> array of the model."""


class Layers(nnx.Module):  # type: ignore[misc]
    """Every native layer of a graph under the name of its node."""


class Network:
    """The layers of a graph, built once, and the walk over its nodes, which a program traces.

    layouts: one for each parameter and statistic. Nodes with the same parameters share one layer.
    parameters: the trained arrays. rest: statistics, and the keys and counters of random numbers.
    """

    def __init__(self, graph: Graph, dtype: Any, seed: int) -> None:
        self.graph, self.dtype = graph, dtype
        self.layouts: dict[tuple[str, ...], ParameterLayout] = {}
        self._children: dict[int, str] = {}  # id of a node -> its layer; nodes of two phases may share a name
        self._known: dict[str, str] = {}
        self._holders: dict[str, str] = {}  # parameter -> layer that holds it
        self._evaluating: set[str] = set()
        self.definition, parameters, rest = nnx.split(nnx.eval_shape(self._assembled), nnx.Param, ...)
        self.parameters, self.rest = _flat(parameters), _flat(rest)
        self._seed = seed

    def blank(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Parameters and the rest, all zeros, except that every key of random numbers is different.

        No initializer runs, since the harness sets every number, and JAX compiles an initializer for each shape.
        """
        key = jax.random.key(self._seed)
        keys = [path for path, item in self.rest.items() if isinstance(item, nnx.RngKey)]
        drawn = dict(zip(keys, jax.random.split(key, len(keys)), strict=True)) if keys else {}
        zeros = [
            {path: np.zeros(item.shape, item.dtype) for path, item in group.items() if path not in drawn}
            for group in (self.parameters, self.rest)
        ]
        return zeros[0], {**zeros[1], **drawn}

    def walk(
        self, parameters: Arrays, rest: Arrays, inputs: Mapping[str, LaidTensor], nodes: Sequence[Node], training: bool
    ) -> tuple[dict[str, LaidTensor], dict[str, jax.Array]]:
        """Every value by name, and the rest after the walk. The function is pure: it can be traced and differentiated."""
        states = [_nested(arrays, own) for arrays, own in ((parameters, self.parameters), (rest, self.rest))]
        root = nnx.merge(self.definition, *states)
        _set_mode(root, training)
        for name in self._evaluating:
            _set_mode(getattr(root, name), training=False)
        values = dict(inputs)
        self._run(root, nodes, values)
        _, _, left = nnx.split(root, nnx.Param, ...)
        return values, {path: variable.get_value() for path, variable in _flat(left).items()}

    def _run(self, root: Layers, nodes: Sequence[Node], values: dict[str, LaidTensor]) -> None:
        for node in nodes:
            child = self._children.get(id(node))
            module = None if child is None else getattr(root, child)
            use = Use(node, _inputs(node, values), module, lambda inner, within: self._run(root, inner, within))
            outputs = LAYERS[node.op].apply(use)
            for suffix, tensor in (outputs if isinstance(outputs, dict) else {"": outputs}).items():
                values[node.value(suffix)] = tensor if isinstance(tensor, LaidTensor) else LaidTensor(tensor)

    def _assembled(self) -> Layers:
        """The model with the shapes of its arrays only."""
        root, rngs, shapes = Layers(), nnx.Rngs(0), self.graph.value_shapes()
        self._build(root, rngs, self.graph.nodes, shapes)
        for phase in self.graph.phases:
            self._build(root, rngs, phase.nodes, shapes)
        return root

    def _build(self, root: Layers, rngs: nnx.Rngs, nodes: Sequence[Node], shapes: Mapping[str, Shape]) -> None:
        for node in nodes:
            if node.op not in LAYERS:
                raise Unsupported(f"no native form of the op {node.op}")
            if node.body is not None:
                inner = {**shapes, **{name: shapes[outer][1:] for name, outer in node.body.sequences.items()}}
                inner |= {name: shapes[outer] for name, outer in node.body.state.items()}
                for child in node.body.nodes:
                    inner |= {child.value(suffix): shape for suffix, shape in child.outputs.items()}
                self._build(root, rngs, node.body.nodes, inner)
            self._adopt(root, rngs, node, shapes)

    def _adopt(self, root: Layers, rngs: nnx.Rngs, node: Node, shapes: Mapping[str, Shape]) -> None:
        """Adds a layer to the root, unless the root has it already."""
        build = LAYERS[node.op].build
        if build is None:
            return
        arrays = bool(node.parameters or node.statistics)
        if arrays and _identity(node) in self._known:
            self._children[id(node)] = self._known[_identity(node)]
            return
        child = attribute(node.name)
        while child in self._known.values():  # a node of another phase has this name
            if arrays:
                raise Unsupported(f"two nodes of different settings are called {node.name}")
            child += "_"
        holders = {self._holders[name] for name in node.parameters.values() if name in self._holders}
        tied = getattr(root, next(iter(holders))) if holders else None
        shapes_given = {
            role: shapes[source] if isinstance(source, str) else tuple(shapes[name] for name in source)
            for role, source in node.inputs.items()
        }
        setattr(root, child, build(Site(node, shapes_given, self.dtype, rngs, tied)))
        self._children[id(node)] = self._known[_identity(node)] = child
        self._holders |= {name: child for name in node.parameters.values() if name not in self._holders}
        if node.evaluate:
            self._evaluating.add(child)
        for item in layout(node, self.graph):
            self.layouts.setdefault(item.spec, item)


def _set_mode(module: nnx.Module, training: bool) -> None:
    if training:
        module.train()
    else:
        module.eval()


def _inputs(node: Node, values: Mapping[str, LaidTensor]) -> dict[str, Any]:
    """Inputs by role; masks are missing in evaluation."""
    if node.body is not None:
        return {name: values[name] for name in node.sources() if name in values}
    names: dict[str, Any] = {}
    for role, source in node.inputs.items():
        if not isinstance(source, str):
            names[role] = [values[name] for name in source]
        elif source in values:
            names[role] = values[source]
    return names


def _flat(state: nnx.State) -> dict[str, Any]:
    """Path -> array of a variable."""
    return {".".join(map(str, path)): variable for path, variable in nnx.to_flat_state(state)}


def _nested(arrays: Arrays, own: Mapping[str, Any]) -> nnx.State:
    """The inverse of `_flat`: `own` with other arrays in its variables."""
    flat = {
        tuple(int(name) if name.isdigit() else name for name in path.split(".")): own[path].replace(arrays[path])
        for path in own
    }
    state: nnx.State = nnx.from_flat_state(flat)
    return state


def _identity(node: Node) -> str:
    """A key that is equal for nodes that may share a layer."""
    arrays = [dict(node.parameters), dict(node.statistics), dict(node.attributes)]
    return json.dumps([node.op, *arrays, node.evaluate, sorted(node.inputs)], sort_keys=True)


def images(graph: Graph) -> frozenset[str]:
    """Inputs of the batch that are placed with channels last, because layers of images read them."""
    read = {node.inputs["x"] for node in graph.all_nodes() if node.op in READERS}
    return frozenset(
        graph_input.name for graph_input in graph.batch_inputs() if graph_input.name in read and len(graph_input.shape) > 2
    )


def named(layouts: Iterable[ParameterLayout], native: Mapping[str, Any]) -> dict[str, Array]:
    """Arrays under the spec's names."""
    by_name: dict[str, Array] = {}
    for item in layouts:
        arrays = item.from_native({path: device.array(native[path]) for path in item.native})
        by_name |= {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    return by_name
