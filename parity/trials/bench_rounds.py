"""Owns the rounds of `parity bench`: every cell once, in shuffled order, a fresh process each; and the store that keeps them.

A round is kept whole or measured anew, so that no ratio is of cells that were measured at different times. It refuses to
summarize, and to take over what another machine, other code or another choice of cells has measured.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from parity.execution import sealed
from parity.execution.damaged_files import Damaged, parsed
from parity.execution.launcher import planning, target_sources
from parity.execution.launcher.environments import Unavailable, installed
from parity.execution.launcher.launching import only_writer
from parity.execution.records import FINAL
from parity.judgement.verdicts import GREEN, PASSING
from parity.trials.session import JudgedTrial, Session
from parity.trials.speed import Workload
from parity.trials.streams import stream
from parity.trials.trial import Trial

MEASURING = "parity.trials.bench_rounds"
MEND = "remove the file, or measure anew with --again"
CONTROL, PEAK = "A/A", "peak"
"""Roles of cells that are no result: the same cell once more, and the product of matrices."""


@dataclass(frozen=True)
class TimedCell:
    """One workload in one framework. role: nothing, CONTROL, or PEAK, which is measured in the first round alone."""

    workload: Workload
    framework: str
    role: str = ""

    @property
    def key(self) -> tuple[str, str, int, str, str]:
        load = self.workload
        return load.architecture, load.mode, load.batch_size, self.framework, self.role


@dataclass(frozen=True)
class Sampled:
    """What one fresh process of a cell gave. verdict: of what it answered behind the clock; measurements: where it was timed.

    kept: whether the store had it.
    """

    key: tuple[str, str, int, str, str]
    round: int
    outcome: str
    verdict: str
    reason: str = ""
    mode: str = ""
    framework_version: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    measurements: Mapping[str, Any] | None = None
    kept: bool = False


@dataclass
class Rounds:
    """What has been measured of some cells. interrupted: by the user, so that some of it is missing."""

    sampled: list[Sampled] = field(default_factory=list)
    interrupted: bool = False

    def of(self, cell: TimedCell) -> list[Sampled]:
        return [item for item in self.sampled if item.key == cell.key]


Quiet = Callable[[Mapping[str, Any]], bool]


def measure(
    cells: Sequence[TimedCell],
    session: Session,
    processes: int,
    quiet: Quiet,
    *,
    again: bool = False,
    on_process: Callable[[], None] = lambda: None,
) -> Rounds:
    """Rounds until every workload has so many in which all its cells were quiet, and at most twice as many; where the first
    half had no quiet process at all, the other half is not begun.

    quiet: whether a process's measurements have a quiet block. again: what the store has is removed first. Ctrl-C ends the
    rounds; what was measured is returned. Raises BlockingIOError while another one measures into the same store.
    """
    result = Rounds()
    with only_writer(session.store / "bench"):  # another bench would disturb this one, and tidy its folder away
        _measured(result, cells, session, processes, quiet, again, on_process)
    return result


def _measured(
    result: Rounds,
    cells: Sequence[TimedCell],
    session: Session,
    processes: int,
    quiet: Quiet,
    again: bool,
    on_process: Callable[[], None],
) -> None:
    folder = session.store / "bench" / run_key(cells, session, processes)
    if again:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        for number in range(2 * processes):
            if number == processes and not any(item.measurements and quiet(item.measurements) for item in result.sampled):
                break
            wanted = _wanted(cells, result, processes, number, quiet)
            if not wanted:
                break
            file = folder / f"round{number}.jsonl"
            kept = read(file) if file.exists() else []
            if not takeable(kept, wanted, quiet):
                kept = _round(wanted, session, file, number, result, on_process)
            result.sampled += kept
    except KeyboardInterrupt:
        result.interrupted = True


def _wanted(cells: Sequence[TimedCell], result: Rounds, processes: int, number: int, quiet: Quiet) -> list[TimedCell]:
    """The cells of a round: all of them at first, then those of workloads that still lack quiet rounds."""
    wanted = []
    for cell in cells:
        beside = [
            timed_cell for timed_cell in cells if timed_cell.workload is cell.workload and not _failed(result.of(timed_cell))
        ]
        if cell.role == PEAK:
            if number == 0:
                wanted.append(cell)
        elif cell in beside and (number < processes or _quiet_rounds(beside, result, quiet) < processes):
            wanted.append(cell)
    return wanted


def _failed(sampled: Iterable[Sampled]) -> bool:
    """A cell that did not run, or answered wrongly, is not asked again: neither is a matter of the machine's other programs."""
    return any(item.outcome != "ran" or item.verdict not in PASSING for item in sampled)


def _quiet_rounds(cells: Sequence[TimedCell], result: Rounds, quiet: Quiet) -> int:
    """In how many rounds all of them were quiet."""
    rounds = [
        {sampled.round for sampled in result.of(cell) if sampled.measurements and quiet(sampled.measurements)} for cell in cells
    ]
    return len(set.intersection(*rounds)) if rounds else 0


def takeable(kept: Sequence[Sampled], cells: Sequence[TimedCell], quiet: Quiet) -> bool:
    """Whether a round of the store stands for a new one: it has the same cells, every one was quiet, and none crashed. What was
    disturbed is measured anew by the next run, as what crashed is."""
    if not kept or {sampled.key for sampled in kept} != {cell.key for cell in cells}:
        return False
    return all(sampled.outcome in FINAL and (sampled.measurements is None or quiet(sampled.measurements)) for sampled in kept)


def _round(
    cells: Sequence[TimedCell], session: Session, file: Path, number: int, result: Rounds, on_process: Callable[[], None]
) -> list[Sampled]:
    """One round, measured and written. After Ctrl-C what it has of the round goes to `found`, and the store has none of it."""
    sampled: list[Sampled] = []
    place = file.parent / "running"
    try:
        for at in stream("bench", "order", number).permutation(len(cells)):
            cell = cells[at]
            shutil.rmtree(place, ignore_errors=True)  # arrays of a process are judged and not kept
            alone = replace(session, frameworks=(cell.framework,), at_once=1, store=place)
            (judged,) = alone.run([cell.workload.timed])
            sampled.append(of_judged(cell, number, judged))
            on_process()
    except BaseException:
        result.sampled += sampled
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
    write(file, sampled)
    return sampled


def of_judged(cell: TimedCell, number: int, judged: JudgedTrial) -> Sampled:
    """What a process's record and its judgement come to."""
    record = judged.record
    verdict = "agrees" if cell.role == PEAK and record.outcome == "ran" else judged.verdict
    bad = next((comparison for comparison in judged.comparisons if comparison.verdict not in GREEN), None)
    reason = record.reason.splitlines()[0] if record.reason else ""
    if record.outcome == "ran" and bad is not None:
        reason = f"behind the clock {bad.quantity} {bad.tensor} {bad.verdict.replace('_', ' ')}"
    return Sampled(
        key=cell.key,
        round=number,
        outcome=record.outcome,
        verdict=verdict,
        reason=reason,
        mode=record.mode,
        framework_version=record.framework_version,
        versions=dict(record.versions),
        measurements=dict(record.measurements) if record.outcome == "ran" and record.measurements else None,
    )


def run_key(cells: Sequence[TimedCell], session: Session, processes: int) -> str:
    """Of everything that a run's numbers depend on: the cases, the frameworks' versions and code, the harness's own code, the
    machine, and which cells stand beside each other."""
    named = sorted({cell.framework for cell in cells})
    contents = {
        "cells": [[*cell.key, _case(cell.workload.timed)] for cell in cells],
        "frameworks": {
            name: [planning.implementation_digest(name, session.sources(name)), _versions(name), session.realizations.get(name)]
            for name in named
        },
        "code": target_sources.digest([MEASURING]),
        "threads": session.threads,
        "processes": processes,
        "machine": machine(),
    }
    return sha256(json.dumps(contents, sort_keys=True, default=str).encode()).hexdigest()[:16]


def machine() -> str:
    """Which machine this is, without its name: another one behind the same store is told apart by its processor and system."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = sorted({line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")})
    identity = Path("/etc/machine-id")
    identifier = sha256(identity.read_bytes()).hexdigest()[:12] if identity.is_file() else platform.node()
    return f"{', '.join(names)} {os.cpu_count()} {platform.platform()} {identifier}"


def _case(trial: Trial) -> list[Any]:
    case = trial.case
    return [
        case.id,
        case.graph.digest() if case.graph else "",
        dict(case.arguments),
        dict(case.hyperparameters),
        case.batch_size,
    ]


def _versions(framework: str) -> Mapping[str, str]:
    try:
        return installed(framework).versions
    except Unavailable:
        return {}


def write(file: Path, sampled: Sequence[Sampled]) -> None:
    """A round, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    sealed.write_sealed_lines(file, [json.dumps(asdict(replace(item, kept=True)), sort_keys=True) for item in sampled])


def read(file: Path) -> list[Sampled]:
    """A round as it was written. Raises Damaged where the file is not whole."""
    lines = []
    for number, line in enumerate(sealed.read_sealed_lines(file, MEND), start=1):
        try:
            item: dict[str, Any] = parsed(line)
            lines.append(Sampled(**{**item, "key": tuple(item["key"])}))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Damaged(f"{file}, line {number}: a field is missing or of the wrong kind ({error}): {MEND}") from None
    return lines
