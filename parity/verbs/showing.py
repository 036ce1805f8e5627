"""Owns `parity show`: a spec as a table, from the spec alone. It refuses to import a framework."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import rich_click as click

from parity.errors import UsageError
from parity.spec import specs as language
from parity.spec.expansion import expand_with_warnings
from parity.spec.graph import Graph, Node
from parity.spec.mistakes import printable, short
from parity.spec.networks import network_nodes
from parity.trials.options import SIZES
from parity.verbs import terminal
from parity.verbs.terminal import columns


def show(name: str, size: str) -> None:
    """Prints layers, shapes, parameters and FLOPs of an architecture; formulas of an optimizer or initializer."""
    spec = language.load(name)
    if isinstance(spec, language.Suite):
        raise UsageError(f"{name} is a suite; `parity run {name}` runs it")
    if isinstance(spec, language.Architecture):
        graph, warnings = expand_with_warnings(spec, size)
        terminal.write(_heading(f"{spec.name} ({size})", spec))
        terminal.write("\n".join(lines(spec, graph, size)))
        for warning in warnings:
            terminal.say(f"warning: {warning}", error=True)
        return
    if size not in SIZES:
        raise UsageError(f"{name} is no architecture, so there is no size `{short(size)}`")
    terminal.write(_heading(spec.name, spec))
    terminal.say("\n".join(_rule(spec.model_dump(exclude_none=True, exclude={"name", "source"}))))


def _heading(name: str, spec: language.Architecture | language.Initializer | language.Optimizer | language.Schedule) -> str:
    text = columns.hanging(f"{name}  {printable(spec.source)}", columns.GAP, columns.width())
    return terminal.styled(spec.name, bold=True) + terminal.styled(text.removeprefix(spec.name))


def _rule(parts: dict[str, Any]) -> Iterator[str]:
    """One line per formula or number, with the part's name before its first line."""
    indent, wide = max(map(len, parts)) + columns.GAP, columns.width()
    for key, value in parts.items():
        shown = [f"{inner} = {formula}" for inner, formula in value.items()] if isinstance(value, dict) else [str(value)]
        for place, line in enumerate(shown):
            text = f"{'' if place else key:{indent}}{printable(line)}"
            yield columns.hanging(text, indent + columns.GAP * isinstance(value, dict), wide)


def lines(spec: language.Architecture, graph: Graph, size: str) -> Iterator[str]:
    """One line per layer, then inputs, counts and FLOPs."""
    counts = {parameter.name: parameter.shape for parameter in graph.parameters}
    seen: set[str] = set()
    networks = {} if graph.nodes or not spec.networks else network_nodes(spec, size)
    nodes = tuple(node for each in networks.values() for node in each) or graph.nodes or graph.phases[0].nodes
    rows = [_row(node, counts, seen) for node in nodes]
    headings = ("layer", "op", "output", "parameters", "FLOPs")
    first, *others = columns.table(headings, rows, right=(3, 4), wide=columns.width())
    yield from (terminal.styled(first, bold=True), *map(terminal.styled, others))
    for graph_input in graph.batch_inputs():
        yield terminal.styled(f"input {graph_input.name}: {graph_input.dtype} {_shape(graph_input.shape)}")
    moved = sum(_size(statistic.shape) for statistic in graph.statistics)
    statistics = f", and {moved:,} running statistics" if moved else ""
    yield click.style(f"{graph.parameter_count():,} parameters", bold=True) + statistics
    for name, each in (networks or {"": nodes}).items():
        flops, whose = sum(node.flops for node in each), f"{name}: " if name else ""
        yield f"{terminal.styled(whose)}{flops:,} FLOPs forward for one example (a multiply-add counts as 2)"


def _row(node: Node, counts: dict[str, tuple[int, ...]], seen: set[str]) -> tuple[str, ...]:
    names = list(node.parameters.values())
    for inner in node.body.nodes if node.body else ():
        names += inner.parameters.values()
    own = sum(_size(counts[name]) for name in names if name not in seen)
    shared = any(name in seen for name in names)
    seen.update(names)
    number = f"{own:,}" if own else "shared" if shared else ""
    outputs = " ".join(_shape(shape) for shape in node.outputs.values())
    return node.name, node.op, outputs, number, f"{node.flops:,}" if node.flops else ""


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(str(size) for size in shape) if shape else "scalar"


def _size(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total
