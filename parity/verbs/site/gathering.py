"""Owns what a site is made of: the records below a folder, and the facts of specs and frameworks beside them, read and checked.

It refuses what is not whole, as every reader of records does, and it refuses to measure.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import parity
from parity.errors import UsageError
from parity.execution.frameworks import TABLE, names
from parity.formulas import typeset
from parity.formulas.formula import SCALARS, Formula
from parity.formulas.syntax import FormulaError
from parity.judgement import differences, upkeep
from parity.reporting import atlas, installs, results
from parity.reporting.site_material import (
    ArchitectureFacts,
    DifferenceFacts,
    FrameworkFacts,
    LayerFacts,
    RuleFacts,
    SiteMaterial,
    SuiteRecords,
    UpstreamFinding,
)
from parity.spec import specs
from parity.spec.expansion import expand
from parity.spec.graph import Graph, Node
from parity.spec.networks import network_nodes
from parity.verbs.atlas import row_effects

RULES = ("optimizers", "initializers", "schedules")
SHOWN_STEPS = 100


def place(reports: Path | None) -> Path:
    """The folder of the records: the one that is named, `reports` here, or those that travel with parity. Raises UsageError."""
    package = Path(parity.__file__).resolve().parent
    places = [reports] if reports else [Path("reports"), package / "_answers", package.parent / "reports"]
    for folder in places:
        if any(_suites(folder)) or (folder / "data" / "atlas.json").is_file():
            return folder
    raise UsageError(
        f"{places[0]} holds no records (data/manifest.json, or a folder with one); `parity run quick` makes a report"
        " below .parity/reports, and the committed ones lie in reports/"
    )


def gather(reports: Path, brief: bool = False) -> SiteMaterial:
    """Everything that a site shows. brief: of specs nothing but which family an architecture is of, for a choice alone.

    Raises Damaged where a record is not whole."""
    suites = [SuiteRecords(_name(reports, folder), results.read(folder / "data")) for folder in _suites(reports)]
    file = reports / "data" / "atlas.json"
    rows, versions, gaps = atlas.read(file) if file.is_file() else ([], {}, [])
    measured = reports / "data" / installs.FILE
    return SiteMaterial(
        made_with=parity.__version__,
        suites=tuple(suites),
        atlas=tuple(rows),
        atlas_versions=versions,
        atlas_made=atlas.told_day(file) if file.is_file() else "",
        gaps=tuple(gaps),
        consequences=row_effects.of_rows({row.name: row for row in rows}),
        architectures=tuple(_of_family()) if brief else tuple(architecture(name) for name in specs.names("architectures")),
        rules=() if brief else tuple(rule(kind, name) for kind in RULES for name in specs.names(kind)),
        frameworks=tuple(framework(name) for name in names()),
        installs=tuple(installs.read(measured)) if measured.is_file() else (),
        upstream=tuple(_upstream(reports / "upstream")),
    )


def _suites(reports: Path) -> Iterator[Path]:
    """Folders with a report's data, the one itself first."""
    for folder in (reports, *sorted(path for path in reports.glob("*") if path.is_dir())):
        if (folder / "data" / "manifest.json").is_file():
            yield folder


def _name(reports: Path, folder: Path) -> str:
    return folder.relative_to(reports).as_posix()


def _of_family() -> Iterator[ArchitectureFacts]:
    for family, members in specs.families().items():
        for name in members:
            yield ArchitectureFacts(name, "", family, "", 0, 0, (), ())


@cache
def architecture(name: str) -> ArchitectureFacts:
    """What a spec says of an architecture at its published size."""
    spec = specs.load(f"architectures/{name}")
    assert isinstance(spec, specs.Architecture)  # noqa: S101 - the folder holds architectures
    graph = expand(spec, "full")
    if graph.nodes or not spec.networks:
        nodes = graph.nodes or graph.phases[0].nodes
    else:
        nodes = tuple(node for each in network_nodes(spec, "full").values() for node in each)
    return ArchitectureFacts(
        name=name,
        source=spec.source,
        family=spec.family or "",
        note=spec.note or "",
        parameters=graph.parameter_count(),
        flops=sum(node.flops for node in nodes),
        inputs=tuple(
            f"{graph_input.name}: {_shape(graph_input.shape)} of {graph_input.dtype}" for graph_input in graph.batch_inputs()
        ),
        layers=tuple(_layers(graph, nodes)),
    )


def _layers(graph: Graph, nodes: tuple[Node, ...]) -> Iterator[LayerFacts]:
    sizes = {parameter.name: prod(parameter.shape) for parameter in graph.parameters}
    owners = {node.value(suffix): node.name for node in nodes for suffix in node.outputs}
    names: set[str] = set()
    for node in nodes:
        inner = node.body.nodes if node.body else ()
        own = [name for node in (node, *inner) for name in node.parameters.values() if name not in names]
        names.update(own)
        output = " ".join(_shape(shape) for shape in node.outputs.values())
        reads = tuple(dict.fromkeys(owners.get(source, source) for source in node.sources()))
        yield LayerFacts(node.name, node.op, output, sum(sizes.get(name, 0) for name in own), node.flops, reads)


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(str(size) for size in shape) if shape else "scalar"


@cache
def rule(kind: str, name: str) -> RuleFacts:
    """What a spec says of an optimizer, initializer or schedule."""
    spec = specs.load(f"{kind}/{name}")
    assert not isinstance(spec, (specs.Architecture, specs.Suite))  # noqa: S101 - the folders hold rules
    parts: dict[str, Any] = spec.model_dump(exclude_none=True, exclude={"name", "source", "note", "probe", "axes"})
    numbers = parts.pop("hyperparameters", None) or parts.pop("arguments", None) or {}
    state = parts.pop("state", {})
    formulas = []
    for key, value in parts.items():
        pairs = value.items() if isinstance(value, dict) else [(key, value)]
        formulas += [(item, str(text), _typeset(item, str(text))) for item, text in pairs]
    shown = {item: f"{value:g}" for item, value in numbers.items()} | {
        f"{item} at first": f"{value:g}" for item, value in state.items()
    }
    steps = _factors(spec) if isinstance(spec, specs.Schedule) else ()
    return RuleFacts(kind, name, spec.source, spec.note or "", shown, tuple(formulas), steps)


def _typeset(name: str, text: str) -> str:
    """MathML, or nothing where a part of a spec is a word and no formula."""
    try:
        return typeset.equation(name, text) if name != "distribution" else ""
    except FormulaError:
        return ""


def _factors(spec: specs.Schedule) -> tuple[float, ...]:
    formula = Formula(str(spec.factor))
    return tuple(float(formula.evaluate({**spec.default_values(), "t": step}, SCALARS)) for step in range(SHOWN_STEPS))


@cache
def framework(name: str) -> FrameworkFacts:
    """What the table of frameworks and the folder of one say."""
    entry = TABLE[name.partition("[")[0]]
    folder = Path(parity.__file__).resolve().parent / entry.package.rpartition(".")[2]
    pins: dict[str, str] = {}
    for file in sorted((folder / "requirements").glob("*.txt")):
        pins_written = [
            line.split("==") for line in file.read_text(encoding="utf-8").splitlines() if "==" in line and line[:1] != "#"
        ]
        pins |= {package.strip(): version.split()[0] for package, version in pins_written}
    documented = tuple(_difference(item) for item in differences.documented(name))
    retired = upkeep.retired(name)
    return FrameworkFacts(name, entry.words, entry.trains, entry.default, entry.features, pins, documented, retired)


def _difference(item: Mapping[str, Any]) -> DifferenceFacts:
    about = item.get("op") or item.get("rule") or item.get("initializer") or item.get("about") or []
    return DifferenceFacts(
        name=_words(item.get("name", "")),
        about=tuple(str(item) for item in (about if isinstance(about, list) else [about])),
        native=_words(item.get("native", "")),
        spec=_words(item.get("spec", "")),
        cause=_words(item.get("cause", "")),
        source=_words(item.get("source", "")),
        predicted=_words(item.get("predicted", "")),
        set_right=_words(item.get("set_right", "")),
        shows="cases" in item,
    )


def _words(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _upstream(folder: Path) -> Iterator[UpstreamFinding]:
    for file in sorted(folder.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        summary = (ast.get_docstring(ast.parse(text)) or file.stem).partition("\n\n")[0].replace("\n", " ")
        yield UpstreamFinding(file.parent.name, file.stem, summary, text)
