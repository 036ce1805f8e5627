"""Owns what the site is made of: committed records, and the facts of specs and frameworks that stand beside them.

It refuses to read: `parity.verbs.site` gathers. Everything here is text and numbers of others; pages escape it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parity.atlas.consequences import Consequence
from parity.reporting.atlas import AtlasRow, DefaultGap
from parity.reporting.installs import InstallRecord
from parity.reporting.results import Results


@dataclass(frozen=True)
class SuiteRecords:
    """The results of one folder below reports/. folder: its path from there, `.` for the first."""

    folder: str
    results: Results


@dataclass(frozen=True)
class LayerFacts:
    """A node of a graph. reads: names of the nodes or inputs whose values it takes."""

    name: str
    op: str
    output: str
    parameters: int
    flops: int
    reads: Sequence[str] = ()


@dataclass(frozen=True)
class ArchitectureFacts:
    """What a spec says of an architecture at its published size. layers: in order; those of its losses are left out."""

    name: str
    source: str
    family: str
    note: str
    parameters: int
    flops: int
    inputs: Sequence[str]
    layers: Sequence[LayerFacts]


@dataclass(frozen=True)
class RuleFacts:
    """An optimizer, initializer or schedule. formulas: name, as it is written, and as MathML that our own code has made."""

    kind: str
    name: str
    source: str
    note: str
    numbers: Mapping[str, str]
    formulas: Sequence[tuple[str, str, str]]
    steps: Sequence[float] = ()
    """A schedule's factor at steps 0, 1, 2, …"""


@dataclass(frozen=True)
class DifferenceFacts:
    """A known difference of a framework, as its differences.yaml has it. about: the ops or rules that it is of."""

    name: str
    about: Sequence[str]
    native: str
    spec: str
    cause: str
    source: str
    predicted: str
    set_right: str
    shows: bool


@dataclass(frozen=True)
class FrameworkFacts:
    """What the table of frameworks and its folder say. pins: package -> version."""

    name: str
    words: Sequence[str]
    trains: bool
    default: bool
    features: Sequence[str]
    pins: Mapping[str, str]
    differences: Sequence[DifferenceFacts]
    retired: str = ""
    """Since when nobody keeps it up, with the source and the day of reading; empty where nothing of it is on record."""


@dataclass(frozen=True)
class UpstreamFinding:
    """A script for the makers of a framework: it shows a finding without parity."""

    framework: str
    name: str
    summary: str
    text: str


@dataclass(frozen=True)
class SiteMaterial:
    """Everything. consequences: row -> the two frameworks, sorted -> what happens. made_with: this parity's version."""

    made_with: str
    suites: Sequence[SuiteRecords] = ()
    atlas: Sequence[AtlasRow] = ()
    atlas_versions: Mapping[str, str] = field(default_factory=dict)
    atlas_made: str = ""
    gaps: Sequence[DefaultGap] = ()
    consequences: Mapping[str, Mapping[tuple[str, str], Consequence]] = field(default_factory=dict)
    architectures: Sequence[ArchitectureFacts] = ()
    rules: Sequence[RuleFacts] = ()
    frameworks: Sequence[FrameworkFacts] = ()
    installs: Sequence[InstallRecord] = ()
    upstream: Sequence[UpstreamFinding] = ()
