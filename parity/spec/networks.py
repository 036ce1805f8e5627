"""Owns networks by themselves: the nodes of one call of each, apart from where a graph calls it, and how often.

It refuses to expand anything on its own account: that is expansion's.
"""

from __future__ import annotations

from dataclasses import replace

from parity.spec.architectures import Architecture
from parity.spec.expansion import Expansion
from parity.spec.graph import Node
from parity.spec.mistakes import SpecError


def network_nodes(architecture: Architecture, size: str = "full") -> dict[str, tuple[Node, ...]]:
    """Network -> the nodes of one call, their names and parameters under the network's name."""
    expansion = Expansion(architecture, size)
    if expansion.graph() is None:
        raise SpecError(expansion.ledger.mistakes)
    known, found = expansion.ledger.parameters, {}
    for network in architecture.networks:
        nodes = []
        for node in expansion.alone(network):
            held = {role: name if name in known else f"{network}.{name}" for role, name in node.parameters.items()}
            nodes.append(replace(node, name=f"{network}.{node.name}", parameters=held))
        found[network] = tuple(nodes)
    return found
