"""Owns `parity show`: a spec as a table, a diagram or data, from the spec alone. It refuses to import a framework."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from parity.documents.tables import Cell, DataTable
from parity.errors import UsageError
from parity.reporting import diagrams
from parity.spec import specs as language
from parity.spec.expansion import expand_with_warnings
from parity.spec.graph import Graph
from parity.spec.mistakes import printable, short
from parity.trials.options import SIZES
from parity.verbs import terminal
from parity.verbs.showing.laid_out import LaidOut, ShownLayer, boxes, grouped, laid_out, shape_text
from parity.verbs.terminal import columns, tables

if TYPE_CHECKING:
    from parity.documents.table_results import Shown

Rule = language.Initializer | language.Optimizer | language.Schedule
MOST = 100
"""A terminal shows so many layers; of a deeper network groups, unless `--depth 0` asks for every layer."""


def described(name: str, size: str = "full", depth: int = 0) -> Shown:
    """Layers, shapes, parameters and FLOPs of an architecture; formulas of a rule. depth: parts of a name that are told apart.

    Raises SpecError, UsageError.
    """
    from parity.documents.table_results import Shown

    spec = _loaded(name, size)
    if not isinstance(spec, language.Architecture):
        formulas = tuple((part, line) for part, lines in _parts(spec) for line in lines)
        return Shown(spec.name, printable(spec.source), "", DataTable(("part", "formula"), formulas))
    graph, warnings = expand_with_warnings(spec, size)
    layout = laid_out(spec, graph, size)
    layers = grouped(layout.layers, depth)
    drawn = boxes(layers, graph)
    rows = tuple(map(_data, layers))
    return Shown(
        spec.name,
        printable(spec.source),
        size,
        DataTable(("layer", "op", "output", "parameters", "FLOPs", "layers"), rows),
        parameters=graph.parameter_count(),
        statistics=_moved(graph),
        flops=_flops(layout),
        warnings=tuple(map(str, warnings)),
        mermaid=diagrams.mermaid(drawn),
        svg=diagrams.svg(drawn, f"{spec.name} ({size})"),
    )


def show(
    name: str, size: str, depth: int | None = None, mermaid: bool = False, svg: Path | None = None, how: str = "table"
) -> None:
    """Prints layers, shapes, parameters and FLOPs of an architecture; formulas of an optimizer or initializer.

    depth: None shows every layer into a pipe, and groups of a deep network in a terminal. mermaid, svg: a diagram instead.
    """
    spec = _loaded(name, size)
    if not isinstance(spec, language.Architecture):
        if mermaid or svg is not None:
            raise UsageError(f"{name} is no architecture, so there is nothing to draw")
        _show_rule(spec, how)
        return
    graph, warnings = expand_with_warnings(spec, size)
    layout = laid_out(spec, graph, size)
    depth = _depth(layout.layers) if depth is None else depth
    shown = grouped(layout.layers, depth)
    if mermaid or svg is not None:
        _draw(shown, graph, f"{spec.name} ({size})", mermaid, svg)
    elif how != "table":
        tables.write(described(name, size, depth).table, how, "show")
    else:
        terminal.write(_heading(f"{spec.name} ({size})", spec))
        terminal.write("\n".join(_lines(layout, shown, graph, depth)))
    for warning in warnings:
        terminal.say(f"warning: {warning}", error=True)


def _loaded(name: str, size: str) -> language.Architecture | Rule:
    spec = language.load(name)
    if isinstance(spec, language.Suite):
        raise UsageError(f"{name} is a suite; `parity run {name}` runs it")
    if not isinstance(spec, language.Architecture) and size not in SIZES:
        raise UsageError(f"{name} is no architecture, so there is no size `{short(size)}`")
    return spec


def _depth(layers: tuple[ShownLayer, ...]) -> int:
    """In a terminal the greatest depth at which a deep network fits; elsewhere every layer."""
    if columns.width() is None or len(layers) <= MOST:
        return 0
    deepest = max(layer.name.count(".") for layer in layers)
    return next((depth for depth in range(deepest, 1, -1) if len(grouped(layers, depth)) <= MOST), 1)


def _draw(shown: tuple[ShownLayer, ...], graph: Graph, title: str, mermaid: bool, svg: Path | None) -> None:
    drawn = boxes(shown, graph)
    if svg is not None:
        svg.write_text(diagrams.svg(drawn, title), encoding="utf-8")
        terminal.say(f"wrote {svg}")
    if mermaid:
        terminal.say(diagrams.mermaid(drawn))


def _show_rule(spec: Rule, how: str) -> None:
    if how != "table":
        tables.write(described(spec.name).table, how, "show")
        return
    terminal.write(_heading(spec.name, spec))
    terminal.say("\n".join(_rule(spec)))


def _heading(name: str, spec: language.Architecture | Rule) -> str:
    text = columns.hanging(f"{name}  {printable(spec.source)}", columns.GAP, columns.width())
    return terminal.styled(spec.name, bold=True) + terminal.styled(text.removeprefix(spec.name))


def _parts(spec: Rule) -> Iterator[tuple[str, list[str]]]:
    """The parts of a rule, and the formulas or the number of each."""
    parts: dict[str, Any] = spec.model_dump(exclude_none=True, exclude={"name", "source"})
    for key, value in parts.items():
        shown = [f"{inner} = {formula}" for inner, formula in value.items()] if isinstance(value, dict) else [str(value)]
        yield key, [printable(line) for line in shown]


def _rule(spec: Rule) -> Iterator[str]:
    """A line a formula or number, the part's name before its first."""
    parts = list(_parts(spec))
    indent, wide = max(len(key) for key, _ in parts) + columns.GAP, columns.width()
    for key, shown in parts:
        for place, line in enumerate(shown):
            text = f"{'' if place else key:{indent}}{line}"
            yield columns.hanging(text, indent + columns.GAP * (" = " in line), wide)


def lines(spec: language.Architecture, graph: Graph, size: str) -> Iterator[str]:
    """One line per layer, then inputs, counts and FLOPs."""
    layout = laid_out(spec, graph, size)
    yield from _lines(layout, layout.layers, graph, 0)


def _lines(layout: LaidOut, shown: tuple[ShownLayer, ...], graph: Graph, depth: int) -> Iterator[str]:
    """One line per layer or group, then inputs, counts and FLOPs."""
    headings = ("layer", "op", "output", "parameters", "FLOPs")
    first, *others = columns.table(headings, map(_row, shown), right=(3, 4), wide=columns.width())
    yield from (terminal.styled(first, bold=True), *map(terminal.styled, others))
    if depth and len(shown) < len(layout.layers):
        yield terminal.styled(f"{len(layout.layers)} layers in {len(shown)} rows: --depth {depth}; --depth 0 shows every layer")
    for graph_input in graph.batch_inputs():
        yield terminal.styled(f"input {graph_input.name}: {graph_input.dtype} {shape_text(graph_input.shape)}")
    moved = _moved(graph)
    statistics = f", and {moved:,} running statistics" if moved else ""
    yield click.style(f"{graph.parameter_count():,} parameters", bold=True) + statistics
    for name, flops in _flops(layout).items():
        whose = f"{name}: " if name else ""
        yield f"{terminal.styled(whose)}{flops:,} FLOPs forward for one example (a multiply-add counts as 2)"


def _moved(graph: Graph) -> int:
    return sum(prod(statistic.shape) for statistic in graph.statistics)


def _flops(layout: LaidOut) -> dict[str, int]:
    return {name: sum(node.flops for node in nodes) for name, nodes in layout.networks.items()}


def _row(layer: ShownLayer) -> tuple[str, ...]:
    number = f"{layer.parameters:,}" if layer.parameters else "shared" if layer.shared else ""
    return layer.name, layer.ops, layer.output, number, f"{layer.flops:,}" if layer.flops else ""


def _data(layer: ShownLayer) -> tuple[Cell, ...]:
    return layer.name, layer.ops, layer.output, layer.parameters, layer.flops, layer.layers
