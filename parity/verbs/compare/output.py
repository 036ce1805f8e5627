"""Owns how a comparison of the user's own models is told: on the terminal, and as the JSON of the contract.

It refuses to judge.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from parity.comparing.departures import Departure
from parity.comparing.judging import Found
from parity.execution.own_model.conversation import Answerer
from parity.judgement.verdicts import PASSING, worst
from parity.trials.output import SCHEMA_VERSION
from parity.verbs import terminal

DTYPES = ("float64", "float32")


@dataclass(frozen=True)
class ComparedModel:
    """One model on the command line and what answers for it in each precision."""

    label: str
    framework: str
    target: str
    processes: Mapping[str, Answerer]
    version: str = ""

    @property
    def side(self) -> str:
        return f"{self.framework}={self.target}"


@dataclass(frozen=True)
class Compared:
    """One model against the base: all verdicts, and the first departure with its tested causes."""

    base: ComparedModel
    other: ComparedModel
    found: Sequence[Found]
    departure: Departure | None

    @property
    def verdict(self) -> str:
        return worst(one.verdict for one in self.found)


def show(compared: Compared) -> None:
    """The verdict, a line for each quantity, the first departure and its cause."""
    for line in lines(compared):
        terminal.say(line)


def lines(compared: Compared) -> Iterator[str]:
    yield f"{compared.other.side} against {compared.base.side}: {compared.verdict}"
    for (quantity, dtype), group in _groups(compared.found).items():
        counts = Counter(one.verdict for one in group)
        top = max(group, key=_share)
        numbers = "" if top.error is None else f"; most: {top.tensor}, error {top.error:.2g}, budget {top.budget:.2g}"
        told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        yield f"    {dtype} {quantity}: {told}{numbers if counts.keys() - PASSING else ''}"
        yield from sorted({f"        {one.tensor}: {one.reason}" for one in group if one.reason})
    if compared.departure is not None:
        yield from _departure(compared, compared.departure)


def _departure(compared: Compared, departure: Departure) -> Iterator[str]:
    what = "before it, between layers: it adds nothing itself" if departure.between else departure.quantity
    if departure.gap is not None and departure.gap.last:
        what = "every layer that both have agrees, so it is what comes after them"
    yield f"departs first at {departure.title}{f' ~ {departure.match}' if departure.match else ''}: {what}"
    if departure.added is not None and departure.inherited is not None:
        yield f"    error {departure.error:.2g}: inherited {departure.inherited:.2g}, added {departure.added:.2g}"
    else:
        yield f"    error {departure.error:.2g}"
    for cause in departure.causes or ("none of the causes that parity can test explains it",):
        yield f"    cause: {cause}"


def write_json(path: Path, compared: Sequence[Compared]) -> None:
    """The contract's JSON (docs/design.md, Formats); the summary holds the first departures."""
    results = [_result(one, found) for one in compared for found in one.found]
    summary = {
        "cases": len(compared),
        "frameworks": sorted({one.other.framework for one in compared} | {one.base.framework for one in compared}),
        "case_verdicts": dict(Counter(one.verdict for one in compared)),
        "comparisons": len(results),
        "departures": [_told(one) for one in compared if one.departure is not None],
    }
    document = {"schema_version": SCHEMA_VERSION, "results": results, "summary": summary}
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")


def _result(one: Compared, found: Found) -> dict[str, Any]:
    return {
        "case": f"{one.base.side}/{one.other.side}",
        "framework": one.other.framework,
        "framework_version": one.other.version,
        "device": "cpu",
        "dtype": found.dtype,
        "quantity": found.quantity,
        "tensor": found.tensor,
        "error": _number(found.error),
        "budget": _number(found.budget),
        "verdict": found.verdict,
        "outcome": "ran",
        "reason": found.reason,
    }


def _told(one: Compared) -> dict[str, Any]:
    departure = one.departure
    if departure is None:
        return {}
    numbers = {name: _number(getattr(departure, name)) for name in ("error", "inherited", "added")}
    found = {"layer": departure.title, "match": departure.match, "quantity": departure.quantity, "between": departure.between}
    return {"case": f"{one.base.side}/{one.other.side}", **found, **numbers, "causes": list(departure.causes)}


def _number(value: float | None) -> float | str | None:
    return value if value is None or isfinite(value) else str(value)


def _groups(found: Sequence[Found]) -> dict[tuple[str, str], list[Found]]:
    groups: dict[tuple[str, str], list[Found]] = {}
    for one in found:
        groups.setdefault((one.quantity, one.dtype), []).append(one)
    return groups


def _share(found: Found) -> float:
    return found.error / found.budget if found.error is not None and found.budget else 0.0
