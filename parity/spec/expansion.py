"""Owns the way from an architecture to its graph: the file's parts in order, at one of its sizes.

It refuses to return a graph of a file with a mistake: SpecError carries all mistakes.
Parts that are merely unused give warnings.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

from parity.ops import TABLE
from parity.spec.architectures import Architecture
from parity.spec.bounds import out_of_bounds
from parity.spec.decoding import check_causality, read_decoding
from parity.spec.extent import too_much
from parity.spec.graph import Carried, Graph, Input, Node
from parity.spec.inputs import read_input, read_shape
from parity.spec.ledger import BrokenSpec, GraphBody, KnownNumber, Ledger, SpecValue, Stopped
from parity.spec.mistakes import Mistake, Place, SpecError, did_you_mean, in_order, short
from parity.spec.scopes import Scope
from parity.spec.steps import run
from parity.spec.training import Training, check_evaluate, evaluated, grouped, lies_under, read_training
from parity.spec.unused import unused


def expand(architecture: Architecture, size: str = "full") -> Graph:
    """The graph at a size. A file without a `small` size is small already. Raises SpecError with every mistake of the file."""
    return expand_with_warnings(architecture, size)[0]


def expand_with_warnings(architecture: Architecture, size: str = "full") -> tuple[Graph, tuple[Mistake, ...]]:
    """The graph, and warnings about parts that the file defines and does not use."""
    expansion = Expansion(architecture, size)
    graph = expansion.graph()
    if graph is None or expansion.ledger.mistakes:
        raise SpecError(expansion.ledger.mistakes)
    return graph, in_order(unused(expansion.ledger, graph))


def find_mistakes(architecture: Architecture) -> list[Mistake]:
    """Further mistakes that expansion finds in the rest of a file from which mistakes were removed."""
    expansion = Expansion(architecture, "full", whole=False)
    expansion.graph()
    return expansion.ledger.mistakes


class Expansion:
    """One expansion of one file at one size. whole: no mistake of the file is known."""

    def __init__(self, architecture: Architecture, size: str, whole: bool = True) -> None:
        self.whole = whole
        self.architecture = architecture
        self.size = size
        self.ledger = Ledger(architecture)
        self.scope = Scope(self.ledger, GraphBody())

    def graph(self) -> Graph | None:
        """The graph, or None if there are mistakes; they are in the ledger."""
        try:
            return self._graph()
        except (BrokenSpec, Stopped):
            return None

    def _graph(self) -> Graph | None:
        architecture, scope = self.architecture, self.scope
        self._check_names()
        self._constants()
        inputs = self._inputs()
        carried = self._carried_shapes()
        last = self._layers(inputs)
        training = self._training(inputs, last)
        outputs = self._outputs(last)
        states = self._carried(carried)
        decoding = read_decoding(self.scope, architecture.decoding, inputs)
        self._call_unused_networks()
        if self.ledger.mistakes or not self.whole:
            return None
        self._check_count()
        part = architecture.training
        nodes, phases = tuple(scope.frame.nodes), training.phases
        if not nodes and not phases and not architecture.networks:
            self.scope.refuse(architecture.place("layers"), "nothing is computed: there is no step, or each repeat is of 0")
            return None
        if part is not None and part.evaluate:
            nodes = evaluated(scope, part, nodes)
            phases = tuple(replace(phase, nodes=evaluated(scope, part, phase.nodes)) for phase in phases)
        graph = Graph(
            name=architecture.name,
            inputs=tuple(self._marked(graph_input, training) for graph_input in inputs),
            nodes=nodes,
            outputs=outputs,
            parameters=grouped(self.ledger.parameters.values(), phases),
            statistics=tuple(self.ledger.statistics.values()),
            carried=states,
            training_inputs=tuple(self._marked(graph_input, training) for graph_input in training.inputs),
            phases=phases,
            networks={name: (name,) for name in architecture.networks if name in self.ledger.built},
            decoding=decoding,
        )
        self._check_bounds(graph)
        check_causality(self.scope, architecture.decoding, graph)
        return graph

    @staticmethod
    def _marked(graph_input: Input, training: Training) -> Input:
        return replace(graph_input, trainable=True) if graph_input.name in training.trained else graph_input

    def _check_names(self) -> None:
        """Checks that each word at the head of a step has only one meaning."""
        blocks = self.architecture.table("blocks").key_places
        for name, place in (*blocks.items(), *self.architecture.table("networks").key_places.items()):
            if name in TABLE or name in ("repeat", "scan"):
                self.scope.refuse(place, f"`{name}` is an op; give the block another name")
        for name, place in self.architecture.table("networks").key_places.items():
            if name in blocks:
                self.scope.refuse(place, f"`{name}` is a block already")

    def _constants(self) -> None:
        """Evaluates the constants in order, with the size's values in place of the file's."""
        sizes = self.architecture.table("sizes")
        if self.size not in ("full", "small", *sizes):
            sentence = f"no size `{short(self.size)}`; there are {', '.join(self.architecture.size_names())}"
            raise self.scope.refuse(self.architecture.place("sizes"), sentence)
        table = self.architecture.table("constants")
        changed: Any = sizes.get(self.size, {}) if self.size != "full" else {}
        for name in self.architecture.constants:
            held = changed if name in changed else table
            value: Fraction | None = None
            try:
                value = self.scope.number(held[name], held.places[name])
            except BrokenSpec:
                value = None
            self.ledger.constants[name] = KnownNumber(value, table.key_places[name])

    def _enter(self, name: str, shape: tuple[int, ...] | None, dtype: str) -> SpecValue:
        value = SpecValue(name, shape, dtype, True, self.scope.frame)
        self.scope.give(name, value)
        return value

    def _inputs(self) -> tuple[Input, ...]:
        graph_inputs = []
        for name, part in self.architecture.inputs.items():
            graph_input = read_input(self.scope, name, part)
            self._enter(name, None if graph_input is None else graph_input.shape, part.dtype)
            if graph_input is not None:
                graph_inputs.append(graph_input)
        return tuple(graph_inputs)

    def _carried_shapes(self) -> dict[str, SpecValue]:
        values = {}
        for name, part in self.architecture.carried.items():
            if name in self.scope.frame.values:
                self.scope.refuse(self.architecture.table("carried").key_places[name], f"the name `{name}` is taken here")
            try:
                shape: tuple[int, ...] | None = read_shape(self.scope, part.shape)
            except BrokenSpec:
                shape = None
            values[name] = self._enter(name, shape, "float")
        return values

    def _layers(self, inputs: tuple[Input, ...]) -> SpecValue | None:
        if self.architecture.layers is None:
            return None
        first = next(iter(self.architecture.inputs), None)
        x = None if first is None else self.scope.frame.values[first]
        if any(path[0] == "inputs" for path in self.architecture.left_out):
            x = self.scope.broken()
        if self.architecture.training is not None:
            steps = len(self.architecture.training.steps)
            self.scope.taken |= {"training", *(f"training{number}" for number in range(1, steps + 1))}
        return run(self.scope, self.architecture.layers, x, self.architecture.place("layers"))

    def _training(self, inputs: tuple[Input, ...], last: SpecValue | None) -> Training:
        part = self.architecture.training
        if part is None or (part.loss is None and not part.steps):
            return Training()
        training = read_training(self.scope, part, inputs, last)
        if not self.ledger.mistakes:
            check_evaluate(self.scope, part)
        return training

    def _outputs(self, last: SpecValue | None) -> tuple[str, ...]:
        architecture = self.architecture
        if architecture.outputs is None:
            return () if last is None else (last.name,)
        names = []
        for raw, place in zip(architecture.outputs, architecture.places("outputs"), strict=False):
            try:
                names.append(self.scope.value(raw, place).name)
            except BrokenSpec:
                continue
        return tuple(names)

    def _carried(self, values: Mapping[str, SpecValue]) -> tuple[Carried, ...]:
        carried_states = []
        for name, part in self.architecture.carried.items():
            place = part.place("next")
            try:
                following = self.scope.value(part.next, place)
            except BrokenSpec:
                continue
            before = values[name].shape
            if before is None or following.shape is None:
                continue
            if following.shape != before or not following.batched:
                self.scope.refuse(place, f"state `{name}` has shape {before}, its next value {following.shape}")
            carried_states.append(Carried(name, before, following.name))
        return tuple(carried_states)

    def _check_bounds(self, graph: Graph) -> None:
        for node, sentence in (*too_much(graph), *out_of_bounds(graph)):
            line, _, column = node.place.partition(":")
            place = Place(self.architecture.place().file, int(line), int(column))
            self.scope.refuse(place, f"`{node.op}` ({node.name}): {sentence}")

    def _call_unused_networks(self) -> None:
        """Expands each network that nothing calls, so that its mistakes are found; its nodes are thrown away."""
        for name in self.architecture.networks:
            if name not in self.ledger.called:
                self.alone(name)

    def alone(self, network: str) -> tuple[Node, ...]:
        """The nodes of a network expanded by itself; its mistakes go to the ledger."""
        part = self.architecture.networks[network]
        aside = Ledger(self.architecture, constants=self.ledger.constants, read=self.ledger.read)
        scope = Scope(aside, GraphBody())
        for input_name, declared in part.inputs.items():
            graph_input = read_input(scope, input_name, declared)
            shape = None if graph_input is None else graph_input.shape
            scope.own[input_name] = SpecValue(input_name, shape, declared.dtype, True, scope.frame)
        with suppress(BrokenSpec):
            run(scope, part.layers, scope.own[next(iter(part.inputs))], part.place("layers"))
        self.ledger.mistakes += aside.mistakes
        self.ledger.called |= aside.called
        return tuple(scope.frame.nodes)

    def _check_count(self) -> None:
        """Checks the parameter count against the published figure, which holds for the full size."""
        counts = self.architecture.parameters
        if counts is None or (self.size != "full" and self.size in self.architecture.sizes):
            return
        place = self.architecture.place("parameters")
        sizes = {name: _product(parameter.shape) for name, parameter in self.ledger.parameters.items()}
        if isinstance(counts, int):
            if sum(sizes.values()) != counts:
                self.scope.refuse(place, f"`parameters` says {counts:,}, and there are {sum(sizes.values()):,}")
            return
        table = self.architecture.table("parameters")
        for network, count in counts.items():
            if network not in self.architecture.networks:
                close = did_you_mean(network, self.architecture.networks)
                self.scope.refuse(table.key_places[network], f"no network `{network}`{close}")
                continue
            total = sum(size for name, size in sizes.items() if lies_under(name, network))
            if total != count:
                self.scope.refuse(table.places[network], f"`{network}` says {count:,} parameters, and there are {total:,}")


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total
