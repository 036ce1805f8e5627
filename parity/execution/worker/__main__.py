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
from parity.execution.worker import (
    implementations,
    machine_load,
    native_objects,
    native_optimizers,
    overhead,
    speed,
    tasks,
    timing,
)
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
    parsed = parser.parse_args(arguments)
    if parsed.describe:
        own_path.extend()
        return describe(parsed.describe)
    if parsed.request is None or parsed.out is None:
        parser.error("REQUEST_DIR and OUT_DIR are needed")
    requested, out = request.read(Path(parsed.request)), Path(parsed.out)
    out.mkdir(parents=True, exist_ok=True)
    chosen = _chosen(requested, out, parsed.only)
    if requested.timed():
        machine_load.settle(requested.threads)
    own_path.extend()
    run(requested, out, chosen)
    return 0


def describe(name: str) -> int:
    """Prints the Description as JSON in the last line of stdout; the framework's own output goes to stderr."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    description = implementations.load(name).describe()
    with answer:
        answer.write("\n" + json.dumps(asdict(description)) + "\n")
    return 0


def _chosen(requested: Request, out: Path, only: str | None) -> list[RequestEntry]:
    if only is not None:
        places = Path(only[1:]).read_text() if only.startswith("@") else only
        return [requested.entries[int(number)] for number in places.split(",") if number]
    done = {key for key, record in records.read(out).latest().items() if record.outcome in records.FINAL}
    return [entry for entry in requested.entries if entry.key not in done]


def run(requested: Request, out: Path, entries: Sequence[RequestEntry]) -> None:
    """Runs the entries in order. Each leaves a record unless the process dies."""
    start = time.perf_counter()
    try:
        framework = implementations.load(requested.framework, requested.realization)
        description = framework.describe()
    except Exception as error:  # a broken installation, whatever it raises
        outcome = "unavailable" if requested.realization is None else "crashed"
        reason = f"{requested.realization or requested.framework} cannot be loaded: {outcomes.of_exception(error)[1]}"
        for entry in entries:
            records.append(out, replace(_record(requested, entry), outcome=outcome, reason=reason))
        return
    imported = time.perf_counter() - start
    for entry in entries:
        records.append_line(out / PROGRESS, records.canonical({"begin": entry.case.id, "key": entry.key}))
        record = run_case(requested, entry, framework, description, out, imported)
        records.append(out, record)
        if record.arrays is None or (out / record.arrays.file).stat().st_size > LITTLE:
            gc.collect()


def run_case(
    requested: Request, entry: RequestEntry, framework: Framework, description: Description, out: Path, imported: float
) -> Record:
    """The record of one case, also if the case raises. Its arrays are on disk when this returns."""
    start = time.perf_counter()
    record = replace(_record(requested, entry), framework_version=description.version, versions=dict(description.versions))
    mode = description.default_mode if entry.case.mode == "default" else entry.case.mode
    record = replace(record, mode=mode, settings=dict(description.settings))
    try:
        _check(entry, description)
        arrays, measurements = _perform(requested, entry, framework, imported)
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
    requested: Request, entry: RequestEntry, framework: Framework, imported: float
) -> tuple[dict[str, Array], dict[str, Any] | None]:
    case, inputs = entry.case, _given(requested, entry)
    if case.task == "sampling":
        return _none_missing(case.id, tasks.sampling(framework, case)), None
    if case.task == "schedule":
        return _none_missing(case.id, {"rates": framework.scheduled(case)}), None
    if case.task == "question":
        return tasks.question(case.spec, *implementations.answers(requested.framework), inputs), None
    if case.task == "fingerprint":
        return native_optimizers.fingerprint(
            framework, case, tasks.initial_state(inputs), native_optimizers.batches(inputs)
        ), None
    if case.task == "native":
        return native_objects.probe(case, implementations.drivers(requested.framework), inputs), None
    start, began = time.perf_counter(), datetime.now(UTC).isoformat(timespec="seconds")
    realization = framework.realize(case)
    built = time.perf_counter() - start
    if case.task in TIMED:
        place = machine_load.settle(requested.threads)  # again: a framework's threads may have begun elsewhere
        plan, clock = timing.Plan.of(case.arguments, case.steps), machine_load.SystemClock(place)
        arrays: dict[str, Array] = {}
        if case.task == "speed":
            arrays, measured = speed.speed(realization, case, inputs, clock, plan)
        else:
            measured = overhead.overhead(realization, case, inputs, clock, plan)
        times = {"import_seconds": imported, "build_seconds": built, "threads": requested.threads}
        where = machine_load.surroundings(os.environ, place)
        return arrays, {"measured_at": began, "where": where, **times, **measured}
    if case.task == "weights":
        return tasks.weights(realization, inputs), None
    perform = {"agreement": tasks.agreement, "training": tasks.training, "curvature": tasks.curvature}[case.task]
    return _none_missing(case.id, perform(realization, case, inputs)), None


def _given(requested: Request, entry: RequestEntry) -> dict[str, Array]:
    if entry.arrays is None:
        return {}
    path = requested.directory / entry.arrays
    return array_files.read_npz(path, entry.sha256 or records.file_digest(path))


def _none_missing(case: str, arrays: dict[str, Array]) -> dict[str, Array]:
    """The arrays that the implementation returned. Raises an error if there are none, or if one does not hold numbers."""
    if not arrays:
        raise ValueError(f"case {case}: the implementation returned nothing")
    for name, array in arrays.items():
        if np.asarray(array).dtype == object:
            raise TypeError(f"case {case}: {name} is no array of numbers")
    return arrays


def _record(requested: Request, entry: RequestEntry) -> Record:
    case = entry.case
    return Record(entry.key, case.id, requested.framework, "crashed", case.dtype, case.device, case.mode)


if __name__ == "__main__":
    sys.exit(main())
