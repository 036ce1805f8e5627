"""Owns the trials of a realization against its hand-written twin: which twin, its source, and the case that alternates both.

It refuses to import a twin: a worker does. It refuses records of before: each process is a new sample.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from parity.errors import UsageError
from parity.execution.names import CHECK, lies_under
from parity.execution.records import file_digest
from parity.spec.mistakes import short
from parity.trials.session import Session
from parity.trials.speed import Workload
from parity.trials.trial import Trial

FUNCTION = "twin"
TURNS = {"blocks": 40, "attempts": 120, "seconds": 60.0}
"""Of a process: blocks of at least 0.2 s. A step of 290 ms needs about 300 pairs for an interval of 1 %."""


def file_of(folder: Path, framework: str) -> Path:
    """The file of a framework's twins. Raises UsageError where the folder has none at all."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {short(str(folder))} of hand-written twins; benchmarks/ of the sources has some")
    if not sorted(folder.glob("*_twins.py")):
        raise UsageError(f"{folder} has no hand-written twins: no file FRAMEWORK_twins.py with a function `{FUNCTION}`")
    return folder / f"{framework.partition('[')[0]}_twins.py"


def trial(load: Workload, file: Path, best: bool) -> Trial:
    """The workload's timed case, with its twin. What a check behind the clock would need is left out."""
    case, arrays = load.timed.case, load.timed.arrays
    kept = {name: array for name, array in arrays.items() if not lies_under(name, CHECK)}
    arguments = {**case.arguments, **TURNS, "twin": f"{file.stem}:{FUNCTION}", "source": file_digest(file), "best": best}
    return Trial(replace(case, task="overhead", arguments=arguments), kept, lambda _: [], "speed")


def sampled(
    load: Workload, framework: str, file: Path, session: Session, *, best: bool = False
) -> tuple[str, str, Mapping[str, Any] | None]:
    """One fresh process: (outcome, reason, measurements)."""
    place = session.store / "bench" / "running"
    shutil.rmtree(place, ignore_errors=True)  # a record of before is no sample
    try:
        alone = replace(session, frameworks=(framework,), at_once=1, store=place, python_path=(file.parent.resolve(),))
        (judged,) = alone.run([trial(load, file, best)])
    finally:
        shutil.rmtree(place, ignore_errors=True)
    record = judged.record
    return record.outcome, record.reason, record.measurements if record.outcome == "ran" else None
