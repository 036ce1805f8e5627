"""Owns what a report says before it is laid out: cells and counts from results. It refuses text and markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from parity.judgement.verdicts import worst
from parity.reporting.results import Curve, Row

KINDS = ("architectures", "layers", "activations", "losses", "initializers", "optimizers", "schedules", "curvature")


@dataclass(frozen=True)
class Cell:
    """All rows of one spec in one framework and precision. used: the greatest share of a budget that an error took."""

    verdict: str
    cases: int
    compared: int
    used: float | None
    worst: Row


@dataclass(frozen=True)
class Matrix:
    """Table of specs and columns (framework, dtype). A missing cell was not asked for."""

    kind: str
    specs: Sequence[str]
    columns: Sequence[tuple[str, str]]
    cells: dict[tuple[str, str, str], Cell]


@dataclass(frozen=True)
class Overview:
    """Table of the trainings with a required quality, by runs: the frameworks, then the reference."""

    names: Sequence[str]
    runs: Sequence[str]
    cells: Mapping[tuple[str, str], Curve]


def base(spec: str) -> str:
    """The spec's own name: lenet for `lenet:conv1` and `lenet[masks]`."""
    return spec.split(":", 1)[0].split("[", 1)[0]


def label(row: Row) -> str:
    """The spec that a row is about; if the graph is a probe, the name of the optimizer or initializer.

    A size that is neither small nor published is added, as in `cyclegan (half)`: it is no evidence for the published size.
    """
    size = row.case.partition("@")[2].partition("/")[0]
    return base(row.spec) if size in ("", "full") else f"{base(row.spec)} ({size})"


def used(row: Row) -> float | None:
    """The share of the budget that the error took, or None if nothing was measured."""
    if row.error is None or row.budget is None:
        return None
    return row.error / row.budget if row.budget else (0.0 if row.error == 0 else None)


def cell(rows: Sequence[Row]) -> Cell:
    verdict = worst([row.verdict for row in rows])
    guilty = [row for row in rows if row.verdict == verdict]
    shares = [share for row in rows if (share := used(row)) is not None]
    top = max(guilty, key=lambda row: (used(row) or 0.0, row.case))
    return Cell(verdict, len({row.case for row in rows}), sum(row.compared for row in rows), max(shares, default=None), top)


def matrix(rows: Iterable[Row], kind: str) -> Matrix:
    """The agreement matrix of one kind of spec."""
    kinds = (kind, "nodes") if kind == "architectures" else (kind,)
    chosen = [row for row in rows if row.kind in kinds]
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in chosen:
        groups.setdefault((label(row), row.framework, row.dtype), []).append(row)
    columns = sorted({(row.framework, row.dtype) for row in chosen}, key=lambda column: (column[0], -_bits(column[1])))
    return Matrix(kind, sorted({label(row) for row in chosen}), columns, {key: cell(group) for key, group in groups.items()})


def counts(rows: Iterable[Row]) -> dict[str, Counter[str]]:
    """Framework -> number of cases for each verdict. A case's verdict is the worst of its rows."""
    by_case: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        by_case.setdefault((row.framework, row.case), []).append(row.verdict)
    by_framework: dict[str, Counter[str]] = {}
    for (framework, _), verdicts in by_case.items():
        by_framework.setdefault(framework, Counter())[worst(verdicts)] += 1
    return dict(sorted(by_framework.items()))


def exceptions(rows: Iterable[Row]) -> list[Row]:
    """The rows that are not simply green, worst first."""
    return sorted(
        (row for row in rows if row.verdict not in ("exact", "agrees")), key=lambda row: (row.framework, row.verdict, row.case)
    )


def overview(trainings: Mapping[str, Sequence[Curve]]) -> Overview:
    """The table of trainings. The perturbed twin of the reference, which only measures drift, is left out."""
    names = [name for name, curves in trainings.items() if curves[0].measure]
    cells = {
        (name, curve.framework): curve for name in names for curve in trainings[name] if curve.framework != "reference + 1 ulp"
    }
    runs = sorted({run for _, run in cells}, key=lambda run: (run == "reference", run))
    return Overview(names, runs, cells)


def _bits(dtype: str) -> int:
    return int("".join(character for character in dtype if character.isdigit()) or 0)
