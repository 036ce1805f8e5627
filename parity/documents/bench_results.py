"""Owns what `parity bench` and `parity fingerprint` give back, as data. It refuses to time and to name."""

from __future__ import annotations

from statistics import median
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from parity.documents.base_result import Told
from parity.documents.pictures import ResultBar, ResultPicture, bars
from parity.documents.results import STRICT, Machine
from parity.documents.tables import Cell, DataTable
from parity.reporting.speeds import quiet

Anything = object
"""A value of JSON; `Fingerprinted.object` hides the word inside of its class."""


class Timing(TypedDict):
    """One cell of `parity bench` with its raw samples; further keys are those of the measurement."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]

    case: str
    spec: str
    framework: str
    framework_version: str
    device: str
    dtype: str
    mode: str
    batch_size: int
    processes: tuple[dict[str, Anything], ...]
    verdict: str
    reason: str


@dataclass(frozen=True, repr=False, kw_only=True, config=STRICT)
class Timed(Told):
    """What `parity bench` measured: a cell an architecture, framework, mode and batch size."""

    schema_version: Literal[2] = 2
    verb: Literal["bench"] = "bench"
    parity: str = ""
    command: str = ""
    machine: Machine = Field(default_factory=Machine)
    results: tuple[Timing, ...]
    workloads: tuple[dict[str, Anything], ...] = ()
    """What the samples say of each workload."""
    overheads: tuple[dict[str, Anything], ...] = ()
    """What realizations cost over hand-written steps, with the raw turns (`--twin`)."""

    @property
    def exit_status(self) -> int:
        return 0 if all(_milliseconds(cell) is not None for cell in self.results) else 3

    @property
    def failures(self) -> tuple[Timing, ...]:
        """The cells that have no number: they do not pass the check, or could not be timed."""
        return tuple(cell for cell in self.results if _milliseconds(cell) is None)

    @property
    def heading(self) -> str:
        timed = len(self.results) - len(self.failures)
        return f"{timed} of {len(self.results)} cells timed"

    @property
    def table(self) -> DataTable:
        """A row a cell; milliseconds a step are the median over the blocks that other programs left alone."""
        columns = ("verdict", "spec", "framework", "mode", "batch_size", "milliseconds", "processes", "reason")
        rows = tuple(
            (
                *(cell["verdict"], cell["spec"], cell["framework"], cell["mode"], cell["batch_size"]),
                *(_milliseconds(cell), len(cell["processes"]), cell["reason"]),
            )
            for cell in self.results
        )
        return DataTable(columns, rows, "verdict")

    def plot_times(self) -> ResultPicture:
        """Milliseconds of a step, the median over the blocks that other programs left alone, a bar a cell."""
        rows = [
            ResultBar(
                f"{cell['spec']} {cell['framework']} {cell['mode']} ×{cell['batch_size']}", _milliseconds(cell), cell["verdict"]
            )
            for cell in self.results
        ]
        return bars("milliseconds a step", rows)


def _milliseconds(cell: Timing) -> float | None:
    """The median of a step; None where nothing was timed."""
    times: list[float] = []
    for process in cell["processes"]:
        blocks = process.get("blocks")
        kept = [block for block in blocks if quiet(block)] if isinstance(blocks, (list, tuple)) else []
        times += [block["wall_ns"] / block["steps"] / 1e6 for block in kept]
    return float(f"{median(times):.4g}") if times else None


@dataclass(frozen=True, repr=False, kw_only=True, config=STRICT)
class Fingerprinted(Told):
    """Which closed form explains an object, and what it was driven with."""

    schema_version: Literal[2] = 2
    verb: Literal["fingerprint"] = "fingerprint"
    parity: str = ""
    command: str = ""
    machine: Machine = Field(default_factory=Machine)
    object: str
    kind: str
    """optimizer, normalization, pooling and others."""
    framework: str
    framework_version: str
    dtype: str
    name: str
    """The forms that explain everything that was seen; `no match` where there is none."""
    driven: tuple[dict[str, Anything], ...] = ()
    hyperparameters: dict[str, float] | None = None
    """Of an optimizer."""
    matches: tuple[dict[str, Anything], ...] | None = None
    """Of an optimizer: forms, their formulas, and the greatest share of rounding."""
    departed: dict[str, str] | None = None
    """Of an optimizer: a form that explains the first run -> the run that it does not."""
    settings: tuple[str, ...] | None = None
    """Of another object: the settings that it took."""
    facets: tuple[dict[str, Anything], ...] | None = None
    """Of another object: what was found out, facet by facet."""

    @property
    def exit_status(self) -> int:
        return 1 if self.failures else 0

    @property
    def failures(self) -> tuple[str, ...]:
        """What has no name: the facets, or the whole object."""
        if self.facets is not None:
            return tuple(str(facet.get("about", "")) for facet in self.facets if not facet.get("names"))
        return () if self.matches else (self.object,)

    @property
    def heading(self) -> str:
        return f"{self.object} ({self.framework} {self.framework_version}), {self.kind}: {self.name}"

    @property
    def table(self) -> DataTable:
        """A row a run or round that it was driven with."""
        names = tuple(dict.fromkeys(key for run in self.driven for key in run))
        rows = tuple(tuple(_cell(run.get(name)) for name in names) for run in self.driven)
        return DataTable(names, rows)


def _cell(value: object) -> Cell:
    return value if value is None or isinstance(value, (str, int, float, bool)) else ", ".join(map(str, _items(value)))


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
