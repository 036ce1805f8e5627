"""Layouts of every op in one framework: bijections on random arrays, and what is set is what is read, bit for bit.

    python tests/conformance/layouts_check.py torch

runs in the framework's environment (numpy and the framework suffice) and exits 1 where a layout loses, moves or makes up a
number. It refuses to look at what a layer computes: examples_check does.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from examples_check import BATCH, graphs

from parity.execution.protocol import ParameterLayout, Unsupported, ZeroPartner
from parity.spec.cases import Case
from parity.spec.graph import Graph, Node


def findings(graph: Graph, layouts: list[ParameterLayout], realization: Any) -> Iterator[str]:
    """One sentence for everything that is wrong."""
    arrays = {one.name: one.shape for one in (*graph.parameters, *graph.statistics)}
    values = {name: np.random.RandomState(place).standard_normal(shape) for place, (name, shape) in enumerate(arrays.items())}
    known = {layout.spec: layout for layout in layouts}
    counts = Counter(name for spec in known for name in spec)
    yield from (f"{name} lies in {count} layouts" for name, count in counts.items() if count > 1)
    parameters = {parameter.name for parameter in graph.parameters}
    yield from (f"{name} has no layout" for name in sorted(parameters - set(counts)))
    for layout in known.values():
        yield from bijection(layout, values)
    yield from settings(realization, values)


def bijection(layout: ParameterLayout, values: Mapping[str, Any]) -> Iterator[str]:
    native = layout.to_native(values)
    back = layout.from_native(native)
    yield from (f"{name} comes back changed" for name in layout.spec if not same(back.get(name), values[name]))
    partners = sum(isinstance(move, ZeroPartner) for move in layout.moves)
    if sum(one.size for one in native.values()) - sum(one.size for one in list(native.values())[-1:] * partners) != sum(
        values[name].size for name in layout.spec
    ):
        yield f"{', '.join(layout.native)} hold another number of numbers than {', '.join(layout.spec)}"
    drawn = {name: np.random.RandomState(3).standard_normal(one.shape) for name, one in native.items()}
    drawn |= {name: np.zeros_like(drawn[name]) for name in layout.native[len(native) - partners :]}
    again = layout.to_native(layout.from_native(drawn))
    yield from (f"native {name} comes back changed" for name in layout.native if not same(again.get(name), drawn[name]))


def settings(realization: Any, values: Mapping[str, Any]) -> Iterator[str]:
    realization.set_parameters(values)
    read = realization.parameters()
    yield from (f"{name} is read otherwise than it was set" for name in values if not same(read.get(name), values[name]))
    for name in values:
        other = {**read, name: values[name] + 1.0}
        realization.set_parameters({name: other[name]})
        seen = realization.parameters()
        if not all(same(seen[one], other[one]) for one in other):
            yield f"setting {name} alone sets something else"
        realization.set_parameters({name: values[name]})


def same(found: Any, wanted: Any) -> bool:
    return found is not None and found.shape == wanted.shape and np.array_equal(found, wanted)


def every(graph: Graph, layout: Callable[[Node, Graph], list[ParameterLayout]]) -> dict[tuple[str, ...], ParameterLayout]:
    """The layouts of all nodes, each parameter once; a scan answers for its body, or the nodes inside do."""
    found: dict[tuple[str, ...], ParameterLayout] = {}
    for node in graph.all_nodes():
        own = layout(node, graph)
        if node.body is not None and not own:
            own = [one for inner in node.body.nodes for one in layout(inner, graph)]
        for one in own:
            found.setdefault(one.spec, one)
    return found


def main(name: str) -> int:
    framework = import_module(f"parity.{name}_impl.framework").Implementation()
    layout = import_module(f"parity.{name}_impl.layers").layout
    wrong = checked = 0
    for label, graph in graphs():
        case = Case(label, "agreement", "float64", graph=graph, batch_size=BATCH)
        try:
            realization = framework.realize(case)
        except Unsupported as reason:
            print(f"unsupported  {label}: {reason}")  # noqa: T201
            continue
        layouts = every(graph, layout)
        found = list(findings(graph, list(layouts.values()), realization))
        wrong, checked = wrong + bool(found), checked + len(layouts)
        for sentence in found:
            print(f"WRONG  {label}: {sentence}")  # noqa: T201
    print(f"{checked} layouts, {wrong} graphs with a wrong one")  # noqa: T201
    return int(wrong > 0 or not checked)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
