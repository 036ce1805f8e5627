"""Owns networks by themselves, apart from where and how often a graph calls them: the nodes of one call, or a graph.

It refuses to expand anything itself: expansion does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from parity.spec.architectures import Architecture
from parity.spec.expansion import Expansion
from parity.spec.graph import Graph, Node
from parity.spec.graph_facts import with_bodies
from parity.spec.inputs import network_inputs
from parity.spec.mistakes import SpecError


def network_nodes(architecture: Architecture, size: str = "full") -> dict[str, tuple[Node, ...]]:
    """Network -> the nodes of one call. The names of nodes and parameters begin with the network's name."""
    expansion = Expansion(architecture, size)
    if expansion.graph() is None:
        raise SpecError(expansion.ledger.mistakes)
    names_known, nodes = {*expansion.ledger.parameters, *expansion.ledger.statistics}, {}
    for network in architecture.networks:
        held = [_held(node, network, names_known) for node in expansion.alone(network)]
        nodes[network] = tuple(replace(node, name=f"{network}.{node.name}") for node in held)
    return nodes


def network_graph(architecture: Architecture, network: str, size: str = "full") -> Graph:
    """One network as a graph of its own: its inputs, its nodes, and those parameters of the whole graph that it uses.

    Nodes have the names that they have inside of the network. Raises KeyError for an unknown network.
    """
    expansion = Expansion(architecture, size)
    whole = expansion.graph()
    if whole is None:
        raise SpecError(expansion.ledger.mistakes)
    graph_inputs = [graph_input for graph_input in network_inputs(expansion.scope, network).values() if graph_input is not None]
    parameters = {parameter.name: parameter for parameter in whole.parameters}
    statistics = {statistic.name: statistic for statistic in whole.statistics}
    nodes = tuple(_held(node, network, {*parameters, *statistics}) for node in expansion.alone(network))
    used = list(with_bodies(nodes))
    last = nodes[-1]
    return Graph(
        name=f"{whole.name}.{network}",
        inputs=tuple(graph_inputs),
        nodes=nodes,
        outputs=tuple(last.value(suffix) for suffix in last.outputs),
        parameters=tuple(
            parameters[name] for name in dict.fromkeys(name for node in used for name in node.parameters.values())
        ),
        statistics=tuple(
            statistics[name] for name in dict.fromkeys(name for node in used for name in node.statistics.values())
        ),
    )


def _held(node: Node, network: str, names_known: set[str]) -> Node:
    """The node, with the names that its parameters and statistics have in the whole graph."""

    def whole(names: Mapping[str, str]) -> dict[str, str]:
        return {role: name if name in names_known else f"{network}.{name}" for role, name in names.items()}

    body = node.body and replace(node.body, nodes=tuple(_held(child, network, names_known) for child in node.body.nodes))
    return replace(node, parameters=whole(node.parameters), statistics=whole(node.statistics), body=body)
