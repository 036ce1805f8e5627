"""Owns the blocks of a graph, one for each distinct use of parameters, and the position of every spec parameter in them.

It refuses to run anything.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from parity.execution.protocol import ParameterLayout, Unsupported
from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.layers import LAYERS, layout
from parity.mxnet_impl.ops.recurrent import inner_shapes
from parity.mxnet_impl.wiring import Block, Site
from parity.spec.graph import Graph, Node, Phase, Shape
from parity.spec.graph_facts import with_bodies

Natives = dict[str, Any]  # native name -> gluon Parameter


class Parts:
    """The blocks of every node of a graph, in one precision, on one device.

    sources: values that no node gives, in order. flat: values without a batch. held: spec name -> layout, Gluon parameters.
    """

    def __init__(self, graph: Graph, dtype: str, context: Any) -> None:
        self._graph, self._dtype, self._context = graph, dtype, context
        self.shapes = graph.value_shapes()
        inputs = graph.batch_inputs()
        self.sources = (*(graph_input.name for graph_input in inputs), *(state.name for state in graph.carried))
        self.flat = {graph_input.name for graph_input in inputs if not graph_input.batched}
        self.flat |= {
            node.value(suffix) for node in with_bodies(graph.all_nodes()) if not node.batched for suffix in node.outputs
        }
        self.trainable = frozenset(parameter.name for parameter in graph.parameters)
        self.held: dict[str, tuple[ParameterLayout, Natives]] = {}
        self._owners: dict[str, Block] = {}
        self._blocks: dict[str, Block | None] = {}
        self._begun: set[str] = set()
        self._alone = self._natively_moved()
        self._repeated = _repeated(graph)
        for node in graph.all_nodes():
            self._build(node, self.shapes)
        self._freeze()

    def _natively_moved(self) -> frozenset[str]:
        """Statistics that the native layer moves as the spec does.

        The native layer keeps its share in float32, moves towards the biased variance, and moves only in the backward pass:
        so the backward pass must reach the layer, and the layer must be called once.
        """
        graph = self._graph
        if self._dtype == "float64" or len(graph.phases) != 1 or set(graph.phases[0].updates) < self.trainable:
            return frozenset()
        calls = Counter(name for node in with_bodies(graph.all_nodes()) for name in node.statistics.values())
        names: set[str] = set()
        for node in needed((*graph.nodes, *graph.phases[0].nodes), [graph.phases[0].loss])[0]:
            once = all(calls[name] == 1 for name in node.statistics.values())
            if once and node.attributes.get("running_variance") == "biased":
                names.update(node.statistics.values())
        return frozenset(names)

    def site(self, node: Node, shapes: Mapping[str, Shape]) -> Site:
        shapes_by_source: dict[str, Any] = {}
        for role, source in node.inputs.items():
            shapes_by_source[role] = shapes[source] if isinstance(source, str) else tuple(shapes[name] for name in source)
        if node.body is not None:
            shapes_by_source = {name: shapes[name] for name in node.sources()}
        names = [*node.parameters.values(), *node.statistics.values()]
        shared = next((self._owners[name] for name in names if name in self._owners), None)
        repeated = not self._repeated.isdisjoint(node.parameters.values())
        return Site(node, shapes_by_source, self._dtype, shared, self._alone.issuperset(node.statistics.values()), repeated)

    def _build(self, node: Node, shapes: Mapping[str, Shape]) -> None:
        if node.body is not None:
            inner = inner_shapes(node, shapes)
            for child in node.body.nodes:
                self._build(child, inner)
        key = _key(node)
        if key in self._blocks:
            return
        if node.op not in LAYERS:
            raise Unsupported(f"mxnet_impl has no layer for the op {node.op}")
        build = LAYERS[node.op].build
        self._blocks[key] = None
        if build is None:
            return
        block = build(self.site(node, shapes))
        for parameter in block.collect_params().values():
            if np.dtype(parameter.dtype) != self._dtype:
                parameter.cast(self._dtype)
            if parameter.name not in self._begun:
                parameter.initialize(ctx=self._context, default_init=mxnet.init.Zero())
                self._begun.add(parameter.name)
        self._blocks[key] = block
        self._hold(node, block)

    def _hold(self, node: Node, block: Block) -> None:
        for item in layout(node, self._graph):
            natives = {name: _find(block, name.removeprefix(f"{node.name}.")) for name in item.native}
            (name,) = item.spec
            if name in self.held:
                if set(map(id, natives.values())) != set(map(id, self.held[name][1].values())):
                    rule = "a Gluon block shares parameters of one other block, under equal names only"
                    raise Unsupported(f"{node.name} shares {name} in another way, and {rule}")
                continue
            self.held[name] = (item, natives)
            self._owners[name] = block
        for statistic in self._graph.statistics:
            if statistic.name in node.statistics.values():
                self.native(statistic.name).set_data(self.native(statistic.name).data() * 0 + statistic.initial)

    def _freeze(self) -> None:
        """Switches off the gradient of parameters that no phase updates, and of zero partners of a bias."""
        updated = {name for phase in self._graph.phases for name in phase.updates}
        unknown = updated - self.trainable
        if unknown:
            raise Unsupported(f"a Gluon Trainer updates parameters, not inputs of a batch: {', '.join(sorted(unknown))}")
        for name, (_, natives) in self.held.items():
            for place, parameter in enumerate(natives.values()):
                if place or name not in updated:
                    parameter.grad_req = "null"

    def block(self, node: Node) -> Block | None:
        return self._blocks[_key(node)]

    def native(self, name: str) -> Any:
        """The Gluon parameter that holds a spec parameter or statistic, without its zero partner."""
        return next(iter(self.held[name][1].values()))

    def used(self, nodes: Iterable[Node]) -> dict[str, Block]:
        """The blocks of the nodes, each once, under the name of its first node."""
        blocks: dict[int, tuple[str, Block]] = {}
        for node in with_bodies(nodes):
            block = self.block(node)
            if block is not None:
                blocks.setdefault(id(block), (node.name, block))
        return dict(blocks.values())

    def reached(self, phase: Phase) -> set[str]:
        """The parameters that a phase's loss depends on."""
        nodes, _ = needed((*self._graph.nodes, *phase.nodes), [phase.loss])
        return {name for node in with_bodies(nodes) for name in node.parameters.values()}


def _repeated(graph: Graph) -> frozenset[str]:
    """Parameters that several nodes of one pass use."""
    names: set[str] = set()
    for phase in (*(phase.nodes for phase in graph.phases),) or ((),):
        calls = Counter(name for node in with_bodies((*graph.nodes, *phase)) for name in node.parameters.values())
        names.update(name for name, count in calls.items() if count > 1)
    return frozenset(names)


def _key(node: Node) -> str:
    """A key that is equal for nodes that may share a block: same op, attributes, parameters, and kinds of inputs."""
    what = [node.op, node.attributes, node.parameters, node.statistics, node.evaluate, sorted(node.inputs), node.outputs]
    own = "" if node.parameters else node.name
    return json.dumps([own, *what], sort_keys=True, default=list)


def _find(block: Block, path: str) -> Any:
    return reduce(getattr, path.split("."), block)


def needed(nodes: Sequence[Node], wanted: Iterable[str]) -> tuple[list[Node], set[str]]:
    """The nodes that the wanted values need, in order, and the names of all values that these nodes read or give."""
    names, kept = set(wanted), []
    for node in reversed(nodes):
        if any(node.value(suffix) in names for suffix in node.outputs):
            kept.append(node)
            names.update(node.sources())
    return kept[::-1], names
