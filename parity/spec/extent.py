"""Owns how much a graph computes with: how many numbers its values and parameters hold, and how often a scan runs. It knows
this from shapes alone, before anything is drawn.

It refuses to allocate anything, and to know how much memory a machine has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

from parity.spec.graph import Graph, Node

MOST_NUMBERS = 2**30
"""The greatest count of numbers in one case: all values of a batch, the parameters, and the inputs of all batches. The largest
published size that runs here, CycleGAN on a single pair of images, has three quarters of this: 6.2 GiB in float64, for each
pass of the reference."""

MOST_ROUNDS = 100_000
"""How often the body of a scan, or the step of a recurrent layer, may run in one pass. The reference walks every round."""

RECURRENT = frozenset({"rnn", "gru", "lstm"})


def of_example(graph: Graph) -> int:
    """How many numbers all values of one example hold; values inside of scans count once per round."""
    shapes = [graph_input.shape for graph_input in graph.batch_inputs()] + [
        carried_state.shape for carried_state in graph.carried
    ]
    return sum(map(prod, shapes)) + _values(graph.all_nodes(), 1)


def parameters(graph: Graph) -> int:
    """How many numbers all parameters and statistics hold."""
    return sum(
        map(prod, [parameter.shape for parameter in graph.parameters] + [statistic.shape for statistic in graph.statistics])
    )


def of_case(graph: Graph, batch_size: int, batches: int = 1) -> int:
    """How many numbers one pass over a batch, the parameters, and all drawn batches hold."""
    return batch_size * of_example(graph) + drawn(graph, batch_size, batches)


def drawn(graph: Graph, batch_size: int, batches: int) -> int:
    """How many numbers all batches and the parameters hold, without the values that a pass computes."""
    return batch_size * batches * sum(prod(graph_input.shape) for graph_input in graph.batch_inputs()) + parameters(graph)


def too_much(graph: Graph) -> Iterator[tuple[Node, str]]:
    """Nodes that run too often; and if all values are too many numbers, the node whose values are most. Each comes with the
    sentence that says so."""
    nodes = list(graph.all_nodes())
    yield from _too_often(nodes, 1)
    total = of_example(graph) + parameters(graph)
    if total > MOST_NUMBERS and nodes:
        greatest = max(nodes, key=lambda node: _values([node], 1))
        yield greatest, f"all values of one example and the parameters are {total:.3g} numbers, of {MOST_NUMBERS:.3g} at most"


def _too_often(nodes: Iterable[Node], around: int) -> Iterator[tuple[Node, str]]:
    for node in nodes:
        rounds = around * _time(node)
        if rounds > MOST_ROUNDS:
            yield node, f"it runs {rounds:,} steps, of {MOST_ROUNDS:,} at most"
        elif node.body is not None:
            yield from _too_often(node.body.nodes, rounds)


def _values(nodes: Iterable[Node], rounds: int) -> int:
    total = 0
    for node in nodes:
        total += rounds * sum(prod(shape) for shape in node.outputs.values())
        if node.body is not None:
            total += _values(node.body.nodes, rounds * _time(node))
    return total


def _time(node: Node) -> int:
    """How many steps of time a node walks in sequence."""
    shape = next(iter(node.outputs.values()), ())
    return shape[0] if shape and (node.body is not None or node.op in RECURRENT) else 1
