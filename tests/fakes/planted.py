"""A right framework with one fault planted in the layer `sigmoid_2` of lenet: a tanh stands there instead."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import reference_framework

from parity.spec.graph import Graph


class Planted(reference_framework.Realized):
    def built(self, graph: Graph) -> Graph:
        nodes = tuple(replace(node, op="tanh") if node.name == "sigmoid_2" else node for node in graph.nodes)
        return replace(graph, nodes=nodes)


class Implementation(reference_framework.Implementation):
    realized: ClassVar[type[reference_framework.Realized]] = Planted
