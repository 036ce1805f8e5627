"""Owns the results whose whole content is a table (`list`, `doctor`, `atlas` …), a spec laid out, and files that were written.

It refuses to look anything up: the verbs do.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from parity.documents.base_result import Told
from parity.documents.pictures import ResultPicture
from parity.documents.results import Result
from parity.documents.tables import Cell, DataTable
from parity.errors import UsageError

STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True, repr=False, config=STRICT)
class Tabled(Told):
    """A sentence and a table. status: what the command would end with."""

    title: str
    content: DataTable
    status: int = 0
    bad: tuple[str, ...] = ()
    """Words of the verdict's column that are failures."""

    @property
    def heading(self) -> str:
        return self.title

    @property
    def table(self) -> DataTable:
        return self.content

    @property
    def exit_status(self) -> int:
        return self.status

    @property
    def failures(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows whose verdict is bad."""
        if not self.content.verdict:
            return ()
        place = self.content.columns.index(self.content.verdict)
        return tuple(row for row in self.content.rows if row[place] in self.bad)

    def __len__(self) -> int:
        return len(self.content.rows)


@dataclass(frozen=True, repr=False, config=STRICT)
class Shown(Told):
    """A spec from the spec alone. Of an architecture: layers, parameters, FLOPs; of a rule: its formulas."""

    name: str
    source: str
    size: str
    """Of an architecture; empty for a rule."""
    content: DataTable
    parameters: int | None = None
    """How many numbers are learnt."""
    statistics: int | None = None
    """How many numbers are running statistics."""
    flops: dict[str, int] | None = None
    """Network -> FLOPs forward for one example; a multiply-add counts as 2. The name is empty where there is one network."""
    warnings: tuple[str, ...] = ()
    mermaid: str = ""
    """The network as a Mermaid flowchart; empty for a rule."""
    svg: str = ""
    """The network as a picture; empty for a rule."""

    @property
    def heading(self) -> str:
        counted = "" if self.parameters is None else f": {self.parameters:,} parameters, {len(self.content.rows)} rows"
        return f"{self.name}{f' ({self.size})' if self.size else ''}{counted}; {self.source}"

    @property
    def table(self) -> DataTable:
        return self.content

    def plot_network(self) -> ResultPicture:
        """The network, a box a layer or group of layers. Raises UsageError for a rule, which has none."""
        if not self.svg:
            raise UsageError(f"{self.name} is no network, so that there is nothing to draw; `.table` has its formulas")
        return ResultPicture(self.name, self.svg)

    @property
    def failures(self) -> tuple[str, ...]:
        """What the spec warns of."""
        return self.warnings


@dataclass(frozen=True, repr=False, config=STRICT)
class Written(Told):
    """Files that a verb wrote, and what it said of them."""

    files: tuple[Path, ...]
    said: tuple[str, ...] = ()
    status: int = 0

    @property
    def heading(self) -> str:
        named = ", ".join(map(str, self.files)) or "nothing"
        return f"wrote {named}" if len(self.files) < 4 else f"wrote {len(self.files)} files below {self.files[0].parent}"

    @property
    def table(self) -> DataTable:
        return DataTable(
            ("file", "bytes"), tuple((str(path), path.stat().st_size if path.is_file() else None) for path in self.files)
        )

    @property
    def exit_status(self) -> int:
        return self.status

    @property
    def failures(self) -> tuple[str, ...]:
        """What the verb said, where it did not end with 0."""
        return self.said if self.status else ()


@dataclass(frozen=True, repr=False, config=STRICT)
class Bisected(Told):
    """Where a framework departs first from an architecture; node is empty where nothing departs."""

    spec: str
    framework: str
    node: str = ""
    alone: bool = False
    """The node departs when it runs by itself, on the reference's inputs."""
    departure: Result | None = None
    said: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        return " ".join(self.said[:1]) or f"{self.framework} departs first from {self.spec} at {self.node}"

    @property
    def table(self) -> DataTable:
        columns = ("verdict", "node", "quantity", "tensor", "error", "budget")
        first = self.departure
        rows: tuple[tuple[Cell, ...], ...] = ()
        if first is not None:
            rows = ((first.verdict, self.node, first.quantity, first.tensor, first.error, first.budget),)
        return DataTable(columns, rows, "verdict")

    @property
    def exit_status(self) -> int:
        return 0 if self.departure is None else 1 if self.departure.outcome == "ran" else 3

    @property
    def failures(self) -> tuple[Result, ...]:
        return () if self.departure is None else (self.departure,)
