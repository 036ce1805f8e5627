"""Owns the material of a small site for tests: every field that comes from elsewhere holds one text, so that none is forgotten.

Fields whose words are ours (verdicts, kinds, chapters) keep them; MathML that our own code makes stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from parity.atlas.consequences import Consequence
from parity.atlas.question import Answer
from parity.reporting.atlas import AtlasRow, DefaultGap
from parity.reporting.installs import InstallRecord
from parity.reporting.results import Curve, Results, Row, Speed
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

OURS: Mapping[str, frozenset[str]] = {
    "Row": frozenset({"kind", "verdict", "outcome"}),
    "Curve": frozenset({"asked"}),
    "Speed": frozenset({"verdict", "role", "size"}),
    "RuleFacts": frozenset({"kind"}),
    "AtlasRow": frozenset({"chapter"}),
    "Consequence": frozenset({"kind"}),
    "SiteMaterial": frozenset({"made_with", "atlas_made"}),
    "Results": frozenset({"made"}),
}
"""Class -> fields whose words are checked when they are read, and are ours."""
SPECS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Row", "Speed", "Curve"), ("spec",)),
    **dict.fromkeys(("ArchitectureFacts", "RuleFacts"), ("name",)),
    "DefaultGap": ("definition",),
    "DifferenceFacts": ("about",),
}
"""Class -> fields with the name of a spec, which `:`, `[`, `@` and `/` would end."""
NAMES = ("torch", "keras")
RATES, LOSSES = (1.0, 0.5), [2.0, 1.5, 1.0]
BLOCK = {"steps": 10, "wall_ns": 10**7, "foreign": 0.0, "steal": 0.0, "cpu_ns": 10**7, "rss_bytes": 10**8}


def small() -> SiteMaterial:
    """Two frameworks, one of everything."""
    return SiteMaterial(
        made_with="0",
        suites=(SuiteRecords("full", _results()),),
        atlas=(
            AtlasRow(
                "adam.x", "losses", "what `x` is", "do `y`", {"torch": Answer("1", "where"), "keras": Answer("2", "where")}
            ),
            AtlasRow("relu.y", "losses", "what y is", "", {"torch": Answer("a", "o(b)"), "keras": Answer("c", "o(d)")}),
        ),
        atlas_versions={"torch": "2", "keras": "3"},
        gaps=(DefaultGap("torch.optim.Adam", "torch", "adam", {"x": 1.0}, "formula", 0.5, None, 1.0),),
        consequences={
            "adam.x": {("keras", "torch"): Consequence("silent_large", 0.5, "how")},
            "relu.y": {("keras", "torch"): Consequence("visible", None, "how", False)},
        },
        architectures=(
            ArchitectureFacts(
                "lenet", "source", "convolutional", "note", 3, 5, ("x: 3",), (LayerFacts("a", "relu", "3", 3, 5, ("x",)),)
            ),
        ),
        rules=(
            RuleFacts("optimizers", "adam", "source", "note", {"rate": "1"}, (("w", "w - g", "<math></math>"),), (1.0, 0.5)),
        ),
        frameworks=tuple(
            FrameworkFacts(name, ("word",), True, True, (), {"numpy": "2"}, (_difference(),), "retired") for name in NAMES
        ),
        installs=(InstallRecord("torch", "2", 3.0, 4, "3.11", ">=3", 1.0, "Linux", "2026-12-01"),),
        upstream=(UpstreamFinding("torch", "finding", "summary", "text"),),
    )


def _answers(torch: str, keras: str) -> dict[str, Answer]:
    return {"torch": Answer(torch, "o(b)"), "keras": Answer(keras, "o(d)")}


def _difference() -> DifferenceFacts:
    return DifferenceFacts("name", ("adam",), "native", "spec", "cause", "source", "predicted", "set_right", True)


def _results() -> Results:
    case = "lenet@full/none/adam/float32/cpu/default/seed0"
    rows = [
        Row(case, spec, kind, name, "1", "cpu", "float32", "eager", "gradient", 3, "tensor", 1.0, 2.0, verdict, "ran", "reason")
        for name in NAMES
        for spec, kind, verdict in (("lenet", "architectures", "agrees"), ("adam", "optimizers", "documented_difference"))
    ]
    curves = [
        Curve(
            case, "lenet", name, "float32", [2.0, 1.5, 1.0], 0.5, 0.1, "digits", "accuracy", "at least 0.5", 0.9, True, 0.1, 0.2
        )
        for name in ("reference", *NAMES)
    ]
    timed = [{"blocks": [BLOCK, BLOCK]}] * 2
    speeds = [Speed(case, "lenet", name, "1", "cpu", "float32", "eager", 32, timed, "agrees") for name in NAMES]
    told = {"version": "1", "versions": {"numpy": "2"}, "settings": {"threads": "1"}}
    environment = {"machine": {"harness": "parity 0, x", "processor": "p"}, "frameworks": dict.fromkeys(NAMES, told)}
    return Results("quick", "parity run quick", environment, rows, curves, speeds, "2026-12-01")


def with_text(text: str) -> SiteMaterial:
    """The small site with the text behind the word of every field that comes from elsewhere."""
    changed = _changed(small(), text)
    assert isinstance(changed, SiteMaterial)
    return changed


def _changed(value: Any, text: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        kept = OURS.get(type(value).__name__, frozenset())
        parts = {one.name: getattr(value, one.name) for one in fields(value) if one.name not in kept}
        if isinstance(value, RuleFacts):
            del parts["formulas"]
            formulas = [(f"{name}{text}", f"{formula}{text}", shown) for name, formula, shown in value.formulas]
            value = replace(value, formulas=formulas)
        whole = SPECS.get(type(value).__name__, ())
        cut = re.sub(r"[:@/\[]", "", text)
        return replace(value, **{name: _changed(part, cut if name in whole else text) for name, part in parts.items()})
    if isinstance(value, str):
        return f"{value}{text}"
    if isinstance(value, Mapping):
        keys = {key: key if key in BLOCK or key in KEPT else _changed(key, text) for key in value}
        return {keys[key]: _changed(part, text) for key, part in value.items()}
    if isinstance(value, (tuple, list)) and not isinstance(value, str):
        return type(value)(_changed(part, text) for part in value)
    return value


KEPT = frozenset({"machine", "frameworks", "version", "versions", "settings", "blocks", "harness", "processor"})
"""Keys that the code reads by their names."""
