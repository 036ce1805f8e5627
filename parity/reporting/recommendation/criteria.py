"""Owns what the records say of a framework for a task: its standings by each criterion, and whether it has what is needed.

It refuses a number without a record: what is not on record is not measured. Default modes and others are never mixed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import sqrt

from parity.judgement.timing_statistics import Interval, geometric_mean
from parity.judgement.verdicts import GREEN, worst
from parity.reporting.atlas_ranking import AtlasEntry
from parity.reporting.evidence import RecordedEvidence
from parity.reporting.installs import InstallRecord
from parity.reporting.recommendation.choice import NOT_MEASURED, Candidate, NeedCheck, Standing
from parity.reporting.results import Row
from parity.reporting.site_material import FrameworkFacts
from parity.reporting.speeds import measured
from parity.reporting.summary import base

TASKS: Mapping[str, tuple[str, ...]] = {
    "anything": (),
    "vision": ("convolutional", "inception", "residual", "densenet", "efficient"),
    "language": ("recurrent", "encoder_decoder", "attention"),
    "generation": ("generative",),
    "transfer": ("adaptation",),
    "tables": ("linear", "multilayer"),
}
"""Task -> the families of architectures that stand for it; none means all."""

SMALL_INSTALL = 500
"""Megabytes that the need `small-install` allows."""
AT_MOST = re.compile(r"install<=(\d{1,6})")
MAINTAINED = "maintained"
"""The need that holds unless somebody asks for retired frameworks too."""
WEIGHTS: Mapping[str, float] = {"agreement": 1.0, "speed": 1.0, "porting": 1.0, "size": 0.0, "upkeep": 0.0}
"""The weights if nothing is said. Of upkeep too little is on record: unknown, it would leave every order open."""
NEEDS: Mapping[str, str] = {
    "float64": "agrees in float64",
    "float32": "agrees in float32",
    "training": "trains",
    "forward-only": "runs models forward and nothing else",
    "second-derivatives": "has second derivatives that agree",
    "deterministic": "gives the same numbers twice",
    "onnx": "exports its own models to ONNX",
    "small-install": f"takes {SMALL_INSTALL} MB at most",
    MAINTAINED: "is not known to be retired",
}
"""Need -> what it asks; `install<=MEGABYTES` beside them."""
EXCLUDE = (("training", "forward-only"),)
"""Needs that no framework can have together."""


class Criteria:
    """The records of one task on one device."""

    def __init__(
        self,
        evidence: RecordedEvidence,
        atlas: Sequence[AtlasEntry],
        task: str,
        device: str,
        mode: str = "default",
    ) -> None:
        self.evidence, self.atlas, self.task, self.device, self.mode = evidence, atlas, task, device, mode
        families = TASKS[task]
        architectures = evidence.material.architectures
        self.specs = {
            architecture_facts.name
            for architecture_facts in architectures
            if not families or architecture_facts.family in families
        }

    def rows(self, framework: str) -> list[Row]:
        """What was compared of the task's networks in one framework."""
        return [
            row
            for _, row in self.evidence.rows
            if row.framework == framework and row.device == self.device and base(row.spec) in self.specs
        ]

    def candidates(self, needs: Sequence[str], source: str = "") -> list[Candidate]:
        """Every framework of which the task is on record. source: the framework that code comes from."""
        candidates = []
        for name in self.evidence.frameworks:
            if rows := self.rows(name):
                standings = {
                    "agreement": self.agreement(rows, name),
                    "speed": self.speed(name),
                    "porting": self.porting(name, source),
                    "size": self.size(name),
                    "upkeep": self.upkeep(name),
                }
                candidates.append(Candidate(name, standings, {need: self.need(need, name, rows) for need in needs}))
        return candidates

    def agreement(self, rows: Sequence[Row], framework: str) -> Standing:
        """The share of green cases among those that were judged, with Wilson's 95 % interval."""
        cases: dict[str, list[str]] = {}
        for row in rows:
            cases.setdefault(row.case, []).append(row.verdict)
        verdicts = [worst(each) for each in cases.values()]
        judged = [verdict for verdict in verdicts if verdict not in ("not_compared", "unsupported")]
        if not judged:
            return NOT_MEASURED
        agree = sum(verdict in GREEN for verdict in judged)
        share, interval = agree / len(judged), wilson(agree, len(judged))
        evidence_text = f"{agree} of {len(judged)} recorded cases agree to within rounding"
        return Standing(share, interval.low, interval.high, evidence_text, f"parity check all --framework {framework}")

    def speed(self, framework: str) -> Standing:
        """The geometric mean, over the task's workloads, of the fastest step time as a share of its own."""
        shares, times = [], []
        for table in self.evidence.speeds:
            if table.spec not in self.specs or table.device != self.device or table.mode != self.mode:
                continue
            timed = [cell for cell in table.cells if measured(cell.speed)]
            for cell in timed if len(timed) > 1 else ():
                if cell.speed.framework == framework:
                    if cell.times is not None and cell.ratio is None:
                        continue  # too few quiet rounds: the number has no interval
                    ratio = cell.ratio or Interval(1.0, 1.0, 1.0)
                    shares.append(ratio)
                    doubt = " (a run without a control)" if cell.standing == "unranked" else ""
                    times.append(f"{table.spec} {ratio.value:.2f}{doubt}")
        if not shares:
            return NOT_MEASURED
        value = geometric_mean([1 / share.value for share in shares])
        low = geometric_mean([1 / share.high for share in shares])
        high = geometric_mean([min(1.0, 1 / share.low) for share in shares])
        command = f"parity bench {times[0].split()[0]} --framework {framework}"
        return Standing(value, low, high, f"times the fastest, mode {self.mode}: {', '.join(times)}", command)

    def porting(self, framework: str, source: str) -> Standing:
        """The share of the atlas's rows that do not bite silently in who comes from `source`."""
        if not source or not self.atlas:
            return Standing(None, 0.0, 1.0, "not asked: name the framework that the code comes from", asked=False)
        if framework == source:
            return Standing(1.0, 1.0, 1.0, "the code is there already")
        pair = (min(framework, source), max(framework, source))
        questions = [entry for entry in self.atlas if {framework, source} <= set(entry.row.answers)]
        if not questions:
            return NOT_MEASURED
        biting = [
            entry for entry in questions if pair in entry.consequences and entry.consequences[pair].kind == "silent_large"
        ]
        unknown = [
            entry for entry in questions if pair in entry.consequences and entry.consequences[pair].kind == "not_measured"
        ]
        value = 1 - len(biting) / len(questions)
        evidence_text = f"{len(biting)} of {len(questions)} questions bite silently, and of {len(unknown)} it is not measured"
        return Standing(
            value, value - len(unknown) / len(questions), value, evidence_text, f"parity atlas {source} {framework}"
        )

    def size(self, framework: str) -> Standing:
        """The smallest recorded installation as a share of its own."""
        installs = {install.framework: install for install in self.evidence.material.installs}
        if framework not in installs:
            return NOT_MEASURED
        least = min(install.megabytes for install in installs.values())
        own = installs[framework]
        share = least / own.megabytes if own.megabytes else 1.0
        return Standing(
            share, share, share, f"{own.megabytes:.0f} MB, {own.packages} packages", f"parity env build {framework}"
        )

    def upkeep(self, framework: str) -> Standing:
        """0 for a framework that is retired; nothing is on record of the others."""
        facts = self.facts(framework)
        return Standing(0.0, 0.0, 0.0, facts.retired) if facts and facts.retired else NOT_MEASURED

    def facts(self, framework: str) -> FrameworkFacts | None:
        return next(
            (framework_facts for framework_facts in self.evidence.material.frameworks if framework_facts.name == framework),
            None,
        )

    def need(self, need: str, framework: str, rows: Sequence[Row]) -> NeedCheck:
        """Whether a framework has what is needed, and by which record."""
        facts = self.facts(framework)
        install = next((install for install in self.evidence.material.installs if install.framework == framework), None)
        if limit := AT_MOST.fullmatch(need):
            return _installed(install, float(limit[1]))
        checks: Mapping[str, Callable[[], NeedCheck]] = {
            "float64": lambda: _precision(rows, "float64"),
            "float32": lambda: _precision(rows, "float32"),
            "training": lambda: _trains(facts, True),
            "forward-only": lambda: _trains(facts, False),
            "second-derivatives": lambda: _curvature([row for _, row in self.evidence.rows if row.framework == framework]),
            "deterministic": lambda: _deterministic(rows),
            "onnx": lambda: NeedCheck(None, "not measured here; parity export writes ONNX from the spec with its weights"),
            "small-install": lambda: _installed(install, SMALL_INSTALL),
            MAINTAINED: lambda: _maintained(facts),
        }
        return checks[need]()


def wilson(good: int, whole: int) -> Interval:
    """Wilson's 95 % interval of a share (Wilson 1927)."""
    z, share = 1.959964, good / whole
    middle = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole)) / (1 + z * z / whole)
    return Interval(share, max(0.0, round(middle - half, 12)), min(1.0, round(middle + half, 12)))


def _precision(rows: Sequence[Row], dtype: str) -> NeedCheck:
    verdicts = [row.verdict for row in rows if row.dtype == dtype and row.verdict != "not_compared"]
    if not verdicts:
        return NeedCheck(None, f"nothing is on record in {dtype}")
    bad = sum(verdict not in {*GREEN, "documented_difference"} for verdict in verdicts)
    return NeedCheck(bad == 0, f"{len(verdicts) - bad} of {len(verdicts)} comparisons in {dtype} agree or are documented")


def _trains(facts: FrameworkFacts | None, wanted: bool) -> NeedCheck:
    if facts is None:
        return NeedCheck(None, "it is none of the table of frameworks")
    return NeedCheck(facts.trains == wanted, "it trains" if facts.trains else "it runs models forward only")


def _maintained(facts: FrameworkFacts | None) -> NeedCheck:
    if facts is not None and facts.retired:
        return NeedCheck(False, facts.retired)
    return NeedCheck(None, "its upkeep is not on record")


def _curvature(rows: Sequence[Row]) -> NeedCheck:
    verdicts = [row.verdict for row in rows if row.kind == "curvature"]
    if not verdicts:
        return NeedCheck(None, "no second derivative is on record")
    agree = sum(verdict in GREEN for verdict in verdicts)
    return NeedCheck(agree == len(verdicts), f"{agree} of {len(verdicts)} second derivatives agree")


def _deterministic(rows: Sequence[Row]) -> NeedCheck:
    bad = sum(row.verdict == "nondeterministic" for row in rows)
    return NeedCheck(bad == 0, f"{bad} of {len(rows)} comparisons gave other numbers the second time")


def _installed(install: InstallRecord | None, limit: float) -> NeedCheck:
    if install is None:
        return NeedCheck(None, "its installed size is not on record")
    return NeedCheck(install.megabytes <= limit, f"{install.megabytes:.0f} MB, at most {limit:g} is asked")
