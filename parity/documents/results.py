"""Owns the results that leave parity: one model of pydantic is what is written, what is read, and docs/results.schema.json.

It refuses a field that it does not know. Numbers that are not finite travel as the strings NaN, Infinity and -Infinity.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.dataclasses import dataclass

from parity.documents.base_result import Told
from parity.documents.pictures import ResultBar, ResultPicture, bars
from parity.documents.tables import DataTable
from parity.errors import UsageError
from parity.judgement.verdicts import PASSING, exit_status, worst

HISTORY = {1: "results and summary alone", 2: "with the command, the machine, cases with their times, mode, seed and share"}
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True, ser_json_inf_nan="strings")


def _read(value: object) -> object:
    """A number, or one of the three strings that stand for what is not finite."""
    if isinstance(value, str) and value not in NON_FINITE:
        raise ValueError(f"{value[:40]!r} is no number, and none of {', '.join(NON_FINITE)}")
    return NON_FINITE[value] if isinstance(value, str) else value


Number = Annotated[
    float,
    BeforeValidator(_read),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"enum": list(NON_FINITE)}]}),
]
"""Written with `ser_json_inf_nan="strings"`: NaN, Infinity, -Infinity."""
Verdict = Literal[
    "differs",
    "nonfinite",
    "nondeterministic",
    "mistrusted",
    "reduced_precision",
    "not_compared",
    "documented_difference",
    "unsupported",
    "agrees",
    "exact",
]
Outcome = Literal["ran", "unsupported", "unavailable", "crashed", "out_of_memory", "timed_out"]


@dataclass(frozen=True, config=STRICT)
class Machine:
    """Where the numbers were computed."""

    processor: str = ""
    system: str = ""
    python: str = ""
    """The version of the harness's Python."""
    numpy: str = ""
    """The version of the harness's NumPy, which computes the reference."""


@dataclass(frozen=True, repr=False, config=STRICT)
class Result:
    """One quantity of one tensor, compared."""

    case: str
    """The case's id: its coordinates."""
    framework: str
    framework_version: str
    device: str
    dtype: str
    quantity: str
    """forward, gradient, update and others (docs/design.md, Glossary)."""
    tensor: str
    error: Number | None
    """In the unit of the tensor; null where nothing was measured."""
    budget: Number | None
    """How much error rounding explains, in the same unit."""
    verdict: Verdict
    outcome: Outcome
    reason: str
    mode: str = ""
    """eager, compiled or another, as the case ran; empty where it is not known."""
    seed: int | None = None
    share: Number | None = None
    """error / budget: above 1 it differs."""
    where: str = ""
    """The element of the tensor with the greatest error."""

    def __repr__(self) -> str:
        numbers = "" if self.error is None or self.budget is None else f", error {self.error:.2g} of {self.budget:.2g}"
        return f"Result: {self.framework} {self.case} {self.quantity} {self.tensor}: {self.verdict}{numbers}"[:200]


@dataclass(frozen=True, repr=False, config=STRICT)
class CaseResult:
    """One case in one framework: the worst verdict of its results, and how to see it again."""

    case: str
    framework: str
    verdict: Verdict
    outcome: Outcome
    spec: str = ""
    kind: str = ""
    """What the case is about: architectures, nodes (a layer alone), optimizers and others."""
    dtype: str = ""
    device: str = ""
    mode: str = ""
    seed: int | None = None
    seconds: float | None = None
    """How long the framework took over it; null where it is not known."""
    comparisons: int = 0
    share: Number | None = None
    """The greatest share of a budget among its results."""
    reason: str = ""
    again: str = ""
    """The command that shows this case again."""

    def __repr__(self) -> str:
        return f"CaseResult: {self.framework} {self.case}: {self.verdict}"[:200]


@dataclass(frozen=True, config=STRICT)
class Note:
    """What must be known of a comparison of models beside its numbers."""

    case: str
    note: str


@dataclass(frozen=True, config=STRICT)
class DepartureTold:
    """Where one model departs from the other, and why."""

    case: str
    layer: str
    match: str
    """The other model's layer."""
    quantity: str
    between: bool
    """The departure lies in the code before the layer."""
    error: Number | None
    inherited: Number | None
    added: Number | None
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, config=STRICT)
class ReleaseCase:
    """A case that ends otherwise in the later release of a framework."""

    case: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, config=STRICT)
class ReleaseTold:
    """What one release of a framework brought against the one before it, of those in this run. before, after: versions."""

    framework: str
    before: str
    after: str
    cases: int
    """How many both ran."""
    moved: int
    """In how many the verdict is the same, and some number another."""
    changed: tuple[ReleaseCase, ...] = ()


@dataclass(frozen=True, config=STRICT)
class Summary:
    """Counts over all results."""

    cases: int
    frameworks: tuple[str, ...]
    case_verdicts: dict[str, int]
    """How many cases × frameworks have which verdict."""
    comparisons: int
    forward_only: tuple[str, ...] = ()
    """Frameworks that do not train: their verdicts speak of evaluation mode alone."""
    weights: str = ""
    """With which weights models were compared: `drawn` or their `own`; empty where it is not known."""
    redraws: int = 0
    """Draws that were thrown away because they lay near a kink."""
    notes: tuple[Note, ...] = ()
    departures: tuple[DepartureTold, ...] = ()
    releases: tuple[ReleaseTold, ...] = ()


@dataclass(frozen=True, repr=False, kw_only=True, config=STRICT)
class Checked(Told):
    """What `parity check` or `parity compare` found."""

    schema_version: Literal[2] = 2
    verb: Literal["check", "compare"] = "check"
    parity: str = ""
    """The version of parity."""
    command: str = ""
    """What was asked, as it was typed; empty where it is not known."""
    machine: Machine = Field(default_factory=Machine)
    summary: Summary
    cases: tuple[CaseResult, ...]
    results: tuple[Result, ...]

    @property
    def verdict(self) -> str:
        """The worst verdict of all cases; `not_compared` where there is none."""
        return worst(case.verdict for case in self.cases)

    @property
    def exit_status(self) -> int:
        return exit_status(case.verdict for case in self.cases)

    @property
    def passed(self) -> bool:
        """Whether all agree, are documented or declared unsupported."""
        return self.exit_status == 0

    @property
    def failures(self) -> tuple[Result, ...]:
        """The results that do not pass, the greatest share of a budget first."""
        bad = [result for result in self.results if result.verdict not in PASSING]
        return tuple(sorted(bad, key=lambda result: -_rank(result.share)))

    def plot_shares(self) -> ResultPicture:
        """The share of its budget that each case used, the greatest first; the line is the whole budget."""
        ordered = sorted(self.cases, key=lambda case: -_rank(case.share))
        rows = [ResultBar(f"{case.framework} {case.case}", case.share, case.verdict) for case in ordered]
        return bars("share of the budget, by case", rows, limit=1.0)

    def plot_errors(self, quantity: str = "activation", framework: str | None = None) -> ResultPicture:
        """The error of each tensor of one quantity, in the order of the computation, on powers of ten: where it begins to grow.

        quantity: `activation`, `gradient`, `update` and others, as in `.results`. framework: None shows all.
        """
        rows = [
            ResultBar(f"{result.framework} {result.dtype} {result.tensor}", result.error, result.verdict)
            for result in self.results
            if result.quantity == quantity and framework in (None, result.framework)
        ]
        if not rows:
            known = ", ".join(dict.fromkeys(result.quantity for result in self.results)) or "nothing"
            raise UsageError(f"no result is of the quantity {quantity!r:.60}; there are {known}")
        return bars(f"error of each {quantity}", rows, powers=True)

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[CaseResult]:
        return iter(self.cases)

    @property
    def heading(self) -> str:
        counts = Counter(case.verdict for case in self.cases)
        counts_text = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in sorted(counts.items()))
        first = next(iter(self.failures), None)
        worst_of_all = f"; worst: {first.framework} {first.case} {first.quantity} {first.tensor}" if first else ""
        return f"{len(self.cases)} cases × frameworks: {counts_text or 'nothing was compared'}{worst_of_all}"

    @property
    def table(self) -> DataTable:
        """A row a case and framework, what does not pass first."""
        columns = ("verdict", "framework", "case", "dtype", "share", "comparisons", "seconds", "reason")
        ordered = sorted(self.cases, key=lambda case: case.verdict in PASSING)
        rows = tuple(
            (
                *(case.verdict, case.framework, case.case, case.dtype),
                *(case.share, case.comparisons, case.seconds, case.reason.partition("\n")[0]),
            )
            for case in ordered
        )
        return DataTable(columns, rows, "verdict")


def _rank(share: float | None) -> float:
    return -1.0 if share is None else math.inf if math.isnan(share) else share
