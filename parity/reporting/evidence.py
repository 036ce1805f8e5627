"""Owns what the records say of one thing: of an architecture, a rule, a framework; each with the command that shows it again.

It refuses to join what was not measured alike: sizes, precisions and modes stay apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median

from parity.judgement.verdicts import GREEN, worst
from parity.reporting import speeds as timed
from parity.reporting import summary
from parity.reporting.pages import trainings
from parity.reporting.results import Curve, Results, Row, Speed
from parity.reporting.site_material import SiteMaterial, SuiteRecords
from parity.reporting.speeds import SpeedCell
from parity.reporting.summary import base

QUANTITIES = ("forward", "activation", "loss", "gradient", "input_gradient", "update", "statistic", "unchanged")
"""In the order of a training step; others follow by their names."""
RULES = ("optimizers", "initializers", "schedules")


@dataclass(frozen=True)
class AgreementLine:
    """One framework in one precision at one size: the worst row of each quantity. alone: of the layers judged one by one."""

    spec: str
    size: str
    framework: str
    version: str
    dtype: str
    folder: str
    alone: bool
    quantities: Mapping[str, Row]
    cases: int
    compared: int
    verdict: str
    used: float | None

    @property
    def command(self) -> str:
        """What shows the line again."""
        size = "" if self.size in ("small", "–") else f" --size {self.size}"
        nodes = "" if self.alone or self.size in ("small", "–") else " --no-nodes"
        return f"parity check {self.spec} --framework {self.framework} --dtype {self.dtype}{size}{nodes}"


@dataclass(frozen=True)
class SpeedTable:
    """Cells that were timed side by side: one workload in one precision and mode. mode: the one that was asked for."""

    spec: str
    device: str
    batch: int
    dtype: str
    mode: str
    machine: str
    folder: str
    cells: Sequence[SpeedCell]

    @property
    def command(self) -> str:
        mode = "" if self.mode == "default" else f" --mode {self.mode}"
        device = "" if self.device == "cpu" else f" --device {self.device}"
        return f"parity bench {self.spec} --batch-size {self.batch}{device}{mode}"


@dataclass(frozen=True)
class TrainedNetwork:
    """The runs of one training, and the suite that holds them."""

    name: str
    folder: str
    suite: str
    command: str
    curves: Sequence[Curve]


class RecordedEvidence:
    """The records of a site, by what they are about."""

    def __init__(self, material: SiteMaterial) -> None:
        self.material = material

    @cached_property
    def rows(self) -> Sequence[tuple[SuiteRecords, Row]]:
        """Every row with its suite."""
        return [(suite, row) for suite in self.material.suites for row in suite.results.rows]

    @cached_property
    def frameworks(self) -> Sequence[str]:
        """Those of the table, then what the records know beside it."""
        order = [facts.name for facts in self.material.frameworks]
        recorded = {row.framework for _, row in self.rows} | set(self.material.atlas_versions)
        return [*order, *sorted(recorded - set(order))]

    @cached_property
    def measured(self) -> Sequence[str]:
        """Frameworks of which any row is on record."""
        recorded = {row.framework for _, row in self.rows} | set(self.material.atlas_versions)
        return [name for name in self.frameworks if name in recorded]

    @cached_property
    def _by_spec(self) -> Mapping[str, Sequence[tuple[SuiteRecords, Row]]]:
        by_spec: dict[str, list[tuple[SuiteRecords, Row]]] = {}
        for suite, row in self.rows:
            if row.kind != "training":
                by_spec.setdefault(base(row.spec), []).append((suite, row))
        return by_spec

    def agreement(self, spec: str, kinds: Iterable[str] = ("architectures", "nodes")) -> list[AgreementLine]:
        """The lines of a spec: the published size first, then by precision and framework; layers alone last."""
        groups: dict[tuple[bool, str, str, str, str], list[Row]] = {}
        wanted = set(kinds)
        for suite, row in self._by_spec.get(spec, ()):
            if row.kind in wanted:
                key = (row.kind == "nodes", size_of(row), row.dtype, row.framework, suite.folder)
                groups.setdefault(key, []).append(row)
        lines = [_line(spec, *key, rows) for key, rows in groups.items()]
        return sorted(lines, key=lambda line: (line.alone, line.size != "full", line.size, line.dtype, line.framework))

    def counts(self, framework: str) -> Counter[str]:
        """Verdict -> cases of a framework, over all suites."""
        total: Counter[str] = Counter()
        for suite in self.material.suites:
            total += summary.counts(suite.results.rows).get(framework, Counter())
        return total

    def exceptions(self, framework: str) -> list[Row]:
        """Rows of a framework that are not simply green."""
        return [
            row
            for suite in self.material.suites
            for row in summary.exceptions(suite.results.rows)
            if row.framework == framework
        ]

    @cached_property
    def speeds(self) -> Sequence[SpeedTable]:
        """Every workload that was timed."""
        tables = []
        for suite in self.material.suites:
            groups: dict[tuple[str, str], list[Speed]] = {}
            for speed in suite.results.speeds:
                groups.setdefault((speed.dtype, asked_mode(speed.case)), []).append(speed)
            machine = str(suite.results.environment.get("machine", {}).get("processor", ""))
            for (dtype, mode), chosen in sorted(groups.items()):
                for (_, device, batch), workload in timed.workloads(Results("", "", speeds=chosen)).items():
                    if cells := workload.cells:
                        spec = cells[0].speed.spec
                        tables.append(SpeedTable(spec, device, batch, dtype, mode, machine, suite.folder, cells))
        return tables

    @cached_property
    def trained(self) -> Sequence[TrainedNetwork]:
        """Every training on record."""
        return [
            TrainedNetwork(name, suite.folder, suite.results.suite, suite.results.command, curves)
            for suite in self.material.suites
            for name, curves in trainings(suite.results).items()
        ]

    def networks(self, size: str, dtype: str) -> dict[str, dict[str, str]]:
        """Architecture -> framework -> verdict, of one size (`full`: published; otherwise small) and precision."""
        verdicts_by_spec: dict[str, dict[str, list[str]]] = {}
        for _, row in self.rows:
            if row.kind == "architectures" and row.dtype == dtype and size_of(row) == size:
                verdicts_by_spec.setdefault(base(row.spec), {}).setdefault(row.framework, []).append(row.verdict)
        return {
            spec: {name: worst(verdicts) for name, verdicts in sorted(each.items())}
            for spec, each in sorted(verdicts_by_spec.items())
        }

    def cell(self, spec: str, framework: str) -> AgreementLine | None:
        """The line that a table of networks shows: the worst verdict of all, at the greatest share of a budget."""
        return self.cell_of(self.agreement(spec), framework)

    @staticmethod
    def cell_of(every: Sequence[AgreementLine], framework: str) -> AgreementLine | None:
        """The same, of lines that are known; None where the framework has none."""
        lines = [line for line in every if line.framework == framework]
        if not lines:
            return None
        verdict = worst(line.verdict for line in lines)
        guilty = [line for line in lines if line.verdict == verdict]
        shares = [line.used for line in lines if line.used is not None]
        return replace(guilty[0], used=max(shares, default=None), verdict=verdict)


def size_of(row: Row) -> str:
    """`full` for the published size, `small` where the case names none."""
    return row.case.partition("@")[2].partition("/")[0] or ("small" if row.kind in ("architectures", "nodes") else "–")


def asked_mode(case: str) -> str:
    """The mode that a case asked for; `default` where the id is none of ours."""
    parts = case.split("/")
    return parts[5] if len(parts) > 5 else "default"


def green(verdicts: Iterable[str]) -> int:
    return sum(verdict in GREEN for verdict in verdicts)


def memory(speed: Speed) -> float | None:
    """Megabytes that a timed process held at most."""
    sizes = [block["rss_bytes"] for process in speed.processes for block in process["blocks"] if "rss_bytes" in block]
    return max(sizes) / 1e6 if sizes else None


def cores(speed: Speed) -> float | None:
    """Processor time by wall time: how many cores a timed process kept busy, in the median."""
    blocks = [block for process in speed.processes for block in process["blocks"] if block.get("cpu_ns")]
    return median(block["cpu_ns"] / block["wall_ns"] for block in blocks) if blocks else None


def _line(spec: str, alone: bool, size: str, dtype: str, framework: str, folder: str, rows: Sequence[Row]) -> AgreementLine:
    worst_rows: dict[str, Row] = {}
    for quantity in sorted({row.quantity for row in rows}, key=_order):
        worst_rows[quantity] = summary.cell([row for row in rows if row.quantity == quantity]).worst
    cell = summary.cell(rows)
    version = rows[0].framework_version
    return AgreementLine(
        spec, size, framework, version, dtype, folder, alone, worst_rows, cell.cases, cell.compared, cell.verdict, cell.used
    )


def _order(quantity: str) -> tuple[int, str]:
    return (QUANTITIES.index(quantity) if quantity in QUANTITIES else len(QUANTITIES)), quantity
