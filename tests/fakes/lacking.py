"""A right framework that has no cross-entropy of its own, and says so."""

from __future__ import annotations

from typing import ClassVar

import reference_framework

from parity.execution.protocol import Unsupported
from parity.spec.graph import Graph


class Lacking(reference_framework.Realized):
    def built(self, graph: Graph) -> Graph:
        if any(node.op == "softmax_cross_entropy" for node in graph.all_nodes()):
            raise Unsupported("no loss here")
        return graph


class Implementation(reference_framework.Implementation):
    realized: ClassVar[type[reference_framework.Realized]] = Lacking
