"""Owns the output of a comparison of the user's own models: on the terminal, and as the JSON of the contract.

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
from parity.comparing.judging import TensorVerdict
from parity.execution.own_model.conversation import Answerer
from parity.judgement.verdicts import worst
from parity.trials.output import SCHEMA_VERSION
from parity.verbs import terminal
from parity.verbs.compare import lines as printed

DTYPES = ("float64", "float32")


@dataclass(frozen=True)
class ComparedModel:
    """One model on the command line, and the process (or object) that answers for it in each precision."""

    label: str
    framework: str
    target: str
    processes: Mapping[str, Answerer]
    version: str = ""

    @property
    def side(self) -> str:
        return f"{self.framework}={self.target}"


@dataclass(frozen=True)
class ComparedPair:
    """One model against the base: all verdicts, and the first departure with its tested causes."""

    base: ComparedModel
    other: ComparedModel
    found: Sequence[TensorVerdict]
    departure: Departure | None
    notes: tuple[str, ...] = ()
    further: tuple[Departure, ...] = ()
    """What departs of itself behind the first departure."""
    weights: str = "drawn"
    """Which they ran with: `drawn` ones, or their `own`."""

    @property
    def verdict(self) -> str:
        return worst(tensor_verdict.verdict for tensor_verdict in self.found)


WEIGHTS = {
    "drawn": "weights: drawn by parity, the same in every model, since they show more than a model's own (`--weights own`)",
    "own": "weights: each model's own, as it was built or loaded; drawn ones show more of the code (`--weights drawn`)",
}
SPEC_WEIGHTS = "weights: drawn by parity, the same in the spec and in the model"
"""The first line of a comparison."""


def show(compared: ComparedPair) -> None:
    """Prints the verdict, a line for each quantity, the first departure and its cause."""
    for line in lines(compared):
        terminal.say(line)


def lines(compared: ComparedPair) -> Iterator[str]:
    """The lines to print, the verdict and its causes first (lines.py)."""
    heading = f"{compared.other.side} against {compared.base.side}: {compared.verdict}"
    return printed.lines(heading, compared.departure, compared.found, compared.notes, compared.further)


def write_json(path: Path, compared: Sequence[ComparedPair]) -> None:
    """Writes the contract's JSON (docs/design.md, Formats). Its summary holds the departures, the first one first."""
    results = [_result(compared_pair, tensor_verdict) for compared_pair in compared for tensor_verdict in compared_pair.found]
    summary = {
        "cases": len(compared),
        "frameworks": sorted(
            {compared_pair.other.framework for compared_pair in compared}
            | {compared_pair.base.framework for compared_pair in compared}
        ),
        "case_verdicts": dict(Counter(compared_pair.verdict for compared_pair in compared)),
        "comparisons": len(results),
        "weights": compared[0].weights if compared else "drawn",
        "notes": [{"case": f"{one.base.side}/{one.other.side}", "note": note} for one in compared for note in one.notes],
        "departures": [_told(one, each) for one in compared for each in (one.departure, *one.further) if each is not None],
    }
    document = {"schema_version": SCHEMA_VERSION, "results": results, "summary": summary}
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")


def _result(compared_pair: ComparedPair, tensor_verdict: TensorVerdict) -> dict[str, Any]:
    return {
        "case": f"{compared_pair.base.side}/{compared_pair.other.side}",
        "framework": compared_pair.other.framework,
        "framework_version": compared_pair.other.version,
        "device": "cpu",
        "dtype": tensor_verdict.dtype,
        "quantity": tensor_verdict.quantity,
        "tensor": tensor_verdict.tensor,
        "error": _number(tensor_verdict.error),
        "budget": _number(tensor_verdict.budget),
        "verdict": tensor_verdict.verdict,
        "outcome": "ran",
        "reason": tensor_verdict.reason,
    }


def _told(compared_pair: ComparedPair, departure: Departure) -> dict[str, Any]:
    numbers = {name: _number(getattr(departure, name)) for name in ("error", "inherited", "added")}
    found = {"layer": departure.title, "match": departure.match, "quantity": departure.quantity, "between": departure.between}
    return {
        "case": f"{compared_pair.base.side}/{compared_pair.other.side}",
        **found,
        **numbers,
        "causes": list(departure.causes),
    }


def _number(value: float | None) -> float | str | None:
    return value if value is None or isfinite(value) else str(value)
