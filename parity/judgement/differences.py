"""Owns known differences: documented departures of a framework's native behaviour, and the comparisons that they explain.

It refuses to hide: an entry explains a comparison only within its versions, its scope, and its bounds below and above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from parity.execution.frameworks import find
from parity.execution.records import Record
from parity.judgement.comparison import Comparison
from parity.spec.cases import Case

EXPLAINABLE = ("differs", "reduced_precision", "nonfinite")


@dataclass(frozen=True)
class KnownDifference:
    """One departure. `cases`, `tensors`: patterns of case ids and of tensors. `quantities`: which
    comparisons. `low`, `high`: bounds of the error."""

    name: str
    cause: str
    source: str
    cases: tuple[str, ...]
    quantities: tuple[str, ...]
    dtypes: tuple[str, ...]
    versions: tuple[str, ...]
    low: float
    high: float
    tensors: tuple[str, ...] = ("*",)

    def covers(self, case: Case, comparison: Comparison) -> bool:
        """Whether the comparison is in the scope of this entry, whatever its error."""
        return (
            any(fnmatchcase(case.id, pattern) for pattern in self.cases)
            and any(fnmatchcase(comparison.tensor, pattern) for pattern in self.tensors)
            and comparison.quantity in self.quantities
            and case.dtype in self.dtypes
        )

    def explains(self, comparison: Comparison) -> bool:
        """Whether the error lies between low and high."""
        return comparison.error is not None and self.low <= comparison.error <= self.high


def apply(case: Case, framework: str, record: Record, comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons; a comparison that a known difference explains becomes `documented_difference`.

    In the versions that an entry names, it is strict: if it covers comparisons of a case and none of them departs
    any more, the case `differs`. In other versions, a departure within the bounds is reported as the same
    difference, and its absence is no fault.
    """
    strict = [entry for entry in of_cases(framework) if record.framework_version in entry.versions]
    others = [entry for entry in of_cases(framework) if record.framework_version not in entry.versions]
    explained_comparisons = [
        _told_elsewhere(others, case, _explained(strict, case, comparison), record.framework_version)
        for comparison in comparisons
    ]
    for entry in strict:
        places = [place for place, comparison in enumerate(comparisons) if entry.covers(case, comparison)]
        if places and all(comparisons[place].verdict not in EXPLAINABLE for place in places):
            reason = f"{entry.name} no longer occurs: remove it from {framework}'s differences.yaml"
            explained_comparisons[places[0]] = replace(explained_comparisons[places[0]], verdict="differs", reason=reason)
    return explained_comparisons


def _told_elsewhere(entries: Sequence[KnownDifference], case: Case, comparison: Comparison, version: str) -> Comparison:
    """Marks a comparison that an entry of other versions explains: reported, without failing."""
    if comparison.verdict in EXPLAINABLE:
        for entry in entries:
            if entry.covers(case, comparison) and entry.explains(comparison):
                reason = (
                    f"{entry.name}, documented for {', '.join(entry.versions)} and seen in {version} as well: {entry.cause}"
                )
                return replace(comparison, verdict="documented_difference", reason=reason)
    return comparison


def _explained(entries: Sequence[KnownDifference], case: Case, comparison: Comparison) -> Comparison:
    if comparison.verdict not in EXPLAINABLE:
        return comparison
    for entry in entries:
        if entry.covers(case, comparison):
            if entry.explains(comparison):
                return replace(comparison, verdict="documented_difference", reason=f"{entry.name}: {entry.cause}")
            size = f"outside of the documented {entry.low:g} … {entry.high:g}"
            return replace(comparison, reason=f"{entry.name}, {size}; {comparison.reason}".rstrip("; "))
    return comparison


@cache
def of_cases(framework: str) -> tuple[KnownDifference, ...]:
    """The entries of a framework's differences.yaml that speak of cases."""
    path = _file(framework)
    return tuple(_entry(item, path) for item in documented(framework) if "cases" in item)


def documented(framework: str) -> tuple[Mapping[str, Any], ...]:
    """Every entry of a framework's differences.yaml as it is written, those that are set right among them.

    An entry with `variants` is only of these variants of the framework.
    """
    _, entry, variant = find(framework)
    known, path = [one.name for one in entry.variants], _file(framework)
    found = []
    for item in _read(path).get("differences", ()):
        variants = item.get("variants", known)
        if unknown := [name for name in variants if name not in known]:
            raise ValueError(f"{path}: entry {item.get('name')!r}: no variant {unknown[0]!r}; there are {', '.join(known)}")
        found += [item] if variant.name in variants else []
    return tuple(found)


def _file(framework: str) -> Path:
    package = find(framework)[1].package.rsplit(".", 1)[-1]
    return Path(__file__).resolve().parent.parent / package / "differences.yaml"


def _entry(item: Mapping[str, Any], path: Path) -> KnownDifference:
    try:
        low, high = item["bound"]
        return KnownDifference(
            name=item["name"],
            cause=item["cause"],
            source=item["source"],
            cases=tuple(item["cases"]),
            quantities=tuple(item["quantities"]),
            dtypes=tuple(item.get("dtypes", ("float64", "float32"))),
            versions=tuple(str(version) for version in item["versions"]),
            low=float(low),
            high=float(high),
            tensors=tuple(item.get("tensors", ("*",))),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: entry {item.get('name', item)!r}: {error}") from error


@cache
def _read(path: Path) -> Mapping[str, Any]:
    from ruamel.yaml import YAML

    if not path.is_file():
        return {}
    data: Mapping[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) or {}
    return data
