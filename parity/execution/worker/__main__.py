"""Owns the worker's process: it reads a request, runs its cases one after the other, and appends a record for each.

    python -m parity.execution.worker REQUEST_DIR OUT_DIR [--only 0,3,4 | --only @FILE]
    python -m parity.execution.worker --describe FRAMEWORK

It refuses to judge: it sees no expected answer. It needs the standard library, numpy and one framework.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from parity.execution import arrays as array_files
from parity.execution import outcomes, own_path, records, request
from parity.execution.protocol import Array, Description, Framework, Unsupported
from parity.execution.records import Record
from parity.execution.request import Request, RequestEntry
from parity.execution.worker import implementations, machine, native_objects, native_optimizers, overhead, speed, tasks, timing
from parity.spec.cases import TIMED

PROGRESS = "progress.jsonl"
LITTLE = 1 << 23
"""Size in bytes of a record's arrays. After a larger case, garbage is collected before the next case begins; after a smaller
case it is left to Python's own collector. A collection walks all objects of the framework: it took four fifths of the time of
PyTorch's worker over the small size of the architectures."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a request, or describes a framework. The exit status is 0 even if cases crashed; the records say so."""
    parser = argparse.ArgumentParser(prog="python -m parity.execution.worker", description=__doc__)
    parser.add_argument("request", nargs="?", type=os.path.abspath)  # the user's code is met in another folder
    parser.add_argument("out", nargs="?", type=os.path.abspath)
    parser.add_argument("--only", metavar="NUMBERS", help="the places of the cases to run, or @FILE with them")
    parser.add_argument("--describe", metavar="FRAMEWORK")
    given = parser.parse_args(arguments)
    if given.describe:
        own_path.extend()
        return describe(given.describe)
    if given.request is None or given.out is None:
        parser.error("REQUEST_DIR and OUT_DIR are needed")
    asked, out = request.read(Path(given.request)), Path(given.out)
    out.mkdir(parents=True, exist_ok=True)
    chosen = _chosen(asked, out, given.only)
    if asked.timed():
        machine.settle(asked.threads)
    own_path.extend()
    run(asked, out, chosen)
    return 0


def describe(name: str) -> int:
    """Prints the Description as JSON in the last line of stdout; the framework's own output goes to stderr."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    description = implementations.load(name).describe()
    with answer:
        answer.write("\n" + json.dumps(asdict(description)) + "\n")
    return 0


def _chosen(asked: Request, out: Path, only: str | None) -> list[RequestEntry]:
    if only is not None:
        places = Path(only[1:]).read_text() if only.startswith("@") else only
        return [asked.entries[int(number)] for number in places.split(",") if number]
    done = {key for key, record in records.read(out).latest().items() if record.outcome in records.FINAL}
    return [entry for entry in asked.entries if entry.key not in done]


def run(asked: Request, out: Path, entries: Sequence[RequestEntry]) -> None:
    """Runs the entries in order. Each leaves a record unless the process dies."""
    start = time.perf_counter()
    try:
        framework = implementations.load(asked.framework, asked.realization)
        description = framework.describe()
    except Exception as error:  # a broken installation, whatever it raises
        outcome = "unavailable" if asked.realization is None else "crashed"
        reason = f"{asked.realization or asked.framework} cannot be loaded: {outcomes.of_exception(error)[1]}"
        for entry in entries:
            records.append(out, replace(_record(asked, entry), outcome=outcome, reason=reason))
        return
    imported = time.perf_counter() - start
    for entry in entries:
        records.append_line(out / PROGRESS, records.canonical({"begin": entry.case.id, "key": entry.key}))
        record = run_case(asked, entry, framework, description, out, imported)
        records.append(out, record)
        if record.arrays is None or (out / record.arrays.file).stat().st_size > LITTLE:
            gc.collect()


def run_case(
    asked: Request, entry: RequestEntry, framework: Framework, description: Description, out: Path, imported: float
) -> Record:
    """The record of one case, also if the case raises. Its arrays are on disk when this returns."""
    start = time.perf_counter()
    record = replace(_record(asked, entry), framework_version=description.version, versions=dict(description.versions))
    mode = description.default_mode if entry.case.mode == "default" else entry.case.mode
    record = replace(record, mode=mode, settings=dict(description.settings))
    try:
        _check(entry, description)
        arrays, measurements = _perform(asked, entry, framework, imported)
        stored = array_files.store(out, entry.key, arrays, entry.case.dtype) if arrays else None
        record = replace(record, outcome="ran", arrays=stored, measurements=measurements)
    except DeviceMissing as error:
        record = replace(record, outcome="unavailable", reason=str(error))
    except Unsupported as error:
        record = replace(record, outcome="unsupported", reason=str(error) or "the framework gave no reason")
    except (Exception, SystemExit) as error:
        outcome, reason = outcomes.of_exception(error)
        record = replace(record, outcome=outcome, reason=reason)
    return replace(record, seconds=time.perf_counter() - start)


class DeviceMissing(Exception):
    """The machine lacks the device that the case asks for."""


def _check(entry: RequestEntry, description: Description) -> None:
    """Refuses a case that the framework's description already rules out."""
    case, name = entry.case, description.name
    if case.device not in description.devices:
        raise DeviceMissing(f"{name} sees no {case.device} on this machine; it sees {', '.join(description.devices)}")
    if case.dtype not in description.dtypes:
        raise Unsupported(f"{name} has no {case.dtype}; it has {', '.join(description.dtypes)}")
    if case.mode not in ("default", *description.modes):
        raise Unsupported(f"{name} has no mode {case.mode}; it has {', '.join(description.modes)}")


def _perform(
    asked: Request, entry: RequestEntry, framework: Framework, imported: float
) -> tuple[dict[str, Array], dict[str, Any] | None]:
    case, given = entry.case, _given(asked, entry)
    if case.task == "sampling":
        return _none_missing(case.id, tasks.sampling(framework, case)), None
    if case.task == "schedule":
        return _none_missing(case.id, {"rates": framework.scheduled(case)}), None
    if case.task == "question":
        return tasks.question(case.spec, *implementations.answers(asked.framework), given), None
    if case.task == "fingerprint":
        return native_optimizers.fingerprint(
            framework, case, tasks.initial_state(given), native_optimizers.batches(given)
        ), None
    if case.task == "native":
        return native_objects.probe(case, implementations.drivers(asked.framework), given), None
    start, began = time.perf_counter(), datetime.now(UTC).isoformat(timespec="seconds")
    realization = framework.realize(case)
    built = time.perf_counter() - start
    if case.task in TIMED:
        place = machine.settle(asked.threads)  # again: a framework's threads may have begun elsewhere
        plan, clock = timing.Plan.of(case.arguments, case.steps), machine.SystemClock(place)
        found: dict[str, Array] = {}
        if case.task == "speed":
            found, measured = speed.speed(realization, case, given, clock, plan)
        else:
            measured = overhead.overhead(realization, case, given, clock, plan)
        times = {"import_seconds": imported, "build_seconds": built, "threads": asked.threads}
        where = machine.surroundings(os.environ, place)
        return found, {"measured_at": began, "where": where, **times, **measured}
    if case.task == "weights":
        return tasks.weights(realization, given), None
    perform = {"agreement": tasks.agreement, "training": tasks.training, "curvature": tasks.curvature}[case.task]
    return _none_missing(case.id, perform(realization, case, given)), None


def _given(asked: Request, entry: RequestEntry) -> dict[str, Array]:
    if entry.arrays is None:
        return {}
    path = asked.directory / entry.arrays
    return array_files.read_npz(path, entry.sha256 or records.file_digest(path))


def _none_missing(case: str, arrays: dict[str, Array]) -> dict[str, Array]:
    """The arrays that the implementation returned. Raises an error if there are none, or if one does not hold numbers."""
    if not arrays:
        raise ValueError(f"case {case}: the implementation returned nothing")
    for name, array in arrays.items():
        if np.asarray(array).dtype == object:
            raise TypeError(f"case {case}: {name} is no array of numbers")
    return arrays


def _record(asked: Request, entry: RequestEntry) -> Record:
    case = entry.case
    return Record(entry.key, case.id, asked.framework, "crashed", case.dtype, case.device, case.mode)


if __name__ == "__main__":
    sys.exit(main())
