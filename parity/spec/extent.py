"""Owns how much a graph computes with: the numbers of its values and parameters, and how often a scan runs; from shapes
alone, before anything is drawn.

It refuses to allocate anything, and to know how much memory a machine has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

from parity.spec.graph import Graph, Node

MOST_NUMBERS = 2**30
"""Of one case: all values of a batch, the parameters and what the batches bring. The largest published size that runs here,
CycleGAN on a single pair of images, has three quarters of them: 6.2 GiB in float64, for each pass of the reference."""

MOST_ROUNDS = 100_000
"""How often the body of a scan, or the step of a recurrent layer, may run in one pass: the reference walks every one."""

RECURRENT = frozenset({"rnn", "gru", "lstm"})


def of_example(graph: Graph) -> int:
    """The numbers of all values of one example, those inside of scans for each of their rounds."""
    given = [graph_input.shape for graph_input in graph.batch_inputs()] + [
        carried_state.shape for carried_state in graph.carried
    ]
    return sum(map(prod, given)) + _values(graph.all_nodes(), 1)


def parameters(graph: Graph) -> int:
    """The numbers of all parameters and statistics."""
    return sum(
        map(prod, [parameter.shape for parameter in graph.parameters] + [statistic.shape for statistic in graph.statistics])
    )


def of_case(graph: Graph, batch_size: int, batches: int = 1) -> int:
    """The numbers of one pass over a batch, the parameters, and all batches that are drawn."""
    return batch_size * of_example(graph) + drawn(graph, batch_size, batches)


def drawn(graph: Graph, batch_size: int, batches: int) -> int:
    """The numbers of all batches and of the parameters, without what a pass computes."""
    return batch_size * batches * sum(prod(graph_input.shape) for graph_input in graph.batch_inputs()) + parameters(graph)


def too_much(graph: Graph) -> Iterator[tuple[Node, str]]:
    """Nodes that run too often, or the node whose values are most where all values are too many, with the sentence to say."""
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
    """How many steps of time a node walks one after the other."""
    shape = next(iter(node.outputs.values()), ())
    return shape[0] if shape and (node.body is not None or node.op in RECURRENT) else 1
