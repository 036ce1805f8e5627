"""Owns `parity show`: a spec as a table, from the spec alone. It refuses to import a framework."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from parity.spec import specs as language
from parity.spec.expansion import expand_with_warnings
from parity.spec.graph import Graph, Node
from parity.spec.networks import network_nodes
from parity.verbs.errors import UsageError


def show(name: str, size: str) -> None:
    """Prints layers, shapes, parameters and FLOPs of an architecture; formulas of an optimizer or initializer."""
    spec = language.load(name)
    console = Console()
    if isinstance(spec, language.Suite):
        raise UsageError(f"{name} is a suite; `parity run {name}` runs it")
    if isinstance(spec, language.Architecture):
        graph, warnings = expand_with_warnings(spec, size)
        _show_graph(console, spec, graph, size)
        for warning in warnings:
            Console(stderr=True).print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
        return
    console.print(f"[bold]{spec.name}[/]  {spec.source}", highlight=False)
    table = Table(box=None, show_header=False)
    for key, value in spec.model_dump(exclude_none=True, exclude={"name", "source"}).items():
        lines = [f"{inner} = {formula}" for inner, formula in value.items()] if isinstance(value, dict) else [str(value)]
        table.add_row(key, "\n".join(lines))
    console.print(table)


def _show_graph(console: Console, spec: language.Architecture, graph: Graph, size: str) -> None:
    console.print(f"[bold]{graph.name}[/] ({size})  {spec.source}", highlight=False)
    counts = {parameter.name: parameter.shape for parameter in graph.parameters}
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("layer", "op", "output"):
        table.add_column(heading, overflow="fold")
    for heading in ("parameters", "FLOPs"):
        table.add_column(heading, justify="right")
    seen: set[str] = set()
    networks = {} if graph.nodes or not spec.networks else network_nodes(spec, size)
    nodes = tuple(node for each in networks.values() for node in each) or graph.nodes or graph.phases[0].nodes
    for node in nodes:
        table.add_row(*_row(node, counts, seen))
    console.print(table)
    for given in graph.batch_inputs():
        console.print(f"input {given.name}: {given.dtype} {_shape(given.shape)}", highlight=False)
    moved = sum(_size(statistic.shape) for statistic in graph.statistics)
    statistics = f", and {moved:,} running statistics" if moved else ""
    console.print(f"[bold]{graph.parameter_count():,} parameters[/]{statistics}", highlight=False)
    for name, each in (networks or {"": nodes}).items():
        flops, whose = sum(node.flops for node in each), f"{name}: " if name else ""
        console.print(f"{whose}{flops:,} FLOPs forward for one example (a multiply-add counts as 2)", highlight=False)


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
