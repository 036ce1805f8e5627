"""Owns the warnings about blocks, networks, numbers, inputs and values that nothing uses. It refuses to call them mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from parity.spec.graph import Graph, Node
from parity.spec.ledger import Ledger
from parity.spec.mistakes import Mistake
from parity.spec.training import prefixes


def unused(ledger: Ledger, graph: Graph) -> Iterator[Mistake]:
    """A warning for each thing that the file defines and nothing uses."""
    architecture = ledger.architecture
    for part, word in (("blocks", "block"), ("networks", "network")):
        for name, place in architecture.table(part).key_places.items():
            if name not in ledger.called:
                yield Mistake(place, f"the {word} `{name}` is never used")
    for name, constant in ledger.constants.items():
        if constant.declared not in ledger.read:
            yield Mistake(constant.declared, f"the constant `{name}` is never used")
    for block, template in architecture.blocks.items():
        if block in ledger.called:
            yield from _unread(ledger, template, block)
    yield from _values(ledger, graph)


def _unread(ledger: Ledger, part: Any, block: str) -> Iterator[Mistake]:
    for name, place in part.table("arguments").key_places.items():
        if place not in ledger.read:
            yield Mistake(place, f"the argument `{name}` of `{block}` is never used")
    for name, place in list(zip(part.inputs, part.places("inputs"), strict=False))[1:]:
        if place not in ledger.read:
            yield Mistake(place, f"the input `{name}` of `{block}` is never used")


def _edges(nodes: Iterable[Node], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(reader, value read). Inner names of a scan begin with the name of the scan."""
    for node in nodes:
        name = prefix + node.name
        for source in node.sources():
            yield name, prefix + source
        if node.body is not None:
            yield from _edges(node.body.nodes, f"{name}.")
            for source in (node.body.output, *node.body.next.values()):
                yield name, f"{name}.{source}"


def _used_paths(graph: Graph) -> set[str]:
    """Every name that a node outside of it, or the graph itself, reads."""
    edges = [("", name) for name in graph.outputs]
    edges += [("", state.next) for state in graph.carried]
    edges += [("", str(graph.decoding["from"]))] if graph.decoding else []
    edges += list(_edges(graph.nodes))
    for phase in graph.phases:
        edges += [("", phase.loss), *_edges(phase.nodes)]
    used: set[str] = set()
    for reader, source in edges:
        inside = prefixes([reader])
        used |= {path for path in prefixes([source]) if path not in inside}
    return used


def _values(ledger: Ledger, graph: Graph) -> Iterator[Mistake]:
    used = _used_paths(graph)
    architecture = ledger.architecture
    tables = [architecture.table("inputs"), architecture.training.table("inputs") if architecture.training else None]
    for table in tables:
        for name, place in table.key_places.items() if table is not None else ():
            if name not in used:
                yield Mistake(place, f"the input `{name}` is never used")
    dead = {name for names in ledger.sites.values() if not used.intersection(names) for name in names}
    for place, names in ledger.sites.items():
        inner = all(any(name.startswith(f"{other}.") for other in dead) for name in names)
        if names[0] in dead and not inner:
            yield Mistake(place, f"the value `{_name(names[0])}` is never used")


def _name(path: str) -> str:
    return path.rpartition(".")[2] or path
