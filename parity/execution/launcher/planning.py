"""Owns the writing of requests: cases and their arrays become self-contained directories. It also collects the results.

It refuses to draw numbers and to run anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution import records, request
from parity.execution.arrays import write_npz
from parity.execution.frameworks import LOADED, TABLE, find, split_release
from parity.execution.launcher import target_sources
from parity.execution.names import BATCH, group_of, under
from parity.execution.records import Reading, record_key, source_digest
from parity.execution.request import Request, RequestEntry
from parity.spec.cases import TIMED, Case

Array = npt.NDArray[Any]
WORKER = "parity.execution.worker.__main__"
RESULTS = "results"


@dataclass(frozen=True)
class PlannedCase:
    """A case and its arrays, by the names that a request uses; a sampling case has no arrays."""

    case: Case
    arrays: Mapping[str, Array]


def write_request(
    directory: Path,
    framework: str,
    planned_cases: Iterable[PlannedCase],
    *,
    versions: Mapping[str, str],
    implementation: str,
    realization: str | None = None,
    threads: int = 1,
) -> Request:
    """Writes request.json and one `.npz` per case. request.json comes last, so that a half-written request does not count.

    versions: of the environment that shall run it (`environments.installed`). implementation: `implementation_digest`.
    Raises ValueError if there is no case, or if a case lacks batches.
    """
    directory.mkdir(parents=True, exist_ok=True)
    entries: list[RequestEntry] = []
    dtypes = dict[str, None]()
    for number, item in enumerate(planned_cases):
        _check(item)
        dtypes[item.case.dtype] = None
        file = f"{number}.npz" if item.arrays else None
        sha256 = write_npz(directory / file, item.arrays) if file else None
        key = record_key(item.case, sha256 or "", framework, versions, f"{implementation} {realization or ''}", threads=threads)
        entries.append(RequestEntry(item.case, key, file, sha256))
    if not entries:
        raise ValueError(f"{directory}: a request has at least one case")
    written = Request(directory, framework, "+".join(dtypes), tuple(entries), realization, threads)
    aside = directory / f"{request.FILE}.tmp"
    aside.write_text(request.encode(written))
    aside.rename(directory / request.FILE)
    return written


def implementation_digest(framework: str, sources: Sequence[Path] = (), root: Path = target_sources.PACKAGE) -> str:
    """sha256 of every file that runs a case: all that the worker imports, this framework's modules, and the user's sources.
    root: the directory that holds the package `parity`."""
    package = find(framework)[1].package if split_release(framework)[0].partition("[")[0] in TABLE else None
    imported = [WORKER, *(f"{package}.{module}" for module in LOADED if package)]
    return f"{target_sources.digest(imported, root)} {source_digest(sources)}"


def requests(directory: Path) -> list[Request]:
    """The requests of a plan: each subdirectory that holds one."""
    return [request.read(path.parent) for path in sorted(directory.glob(f"*/{request.FILE}"))]


def collect(directory: Path) -> list[tuple[Request, Reading]]:
    """The results of a plan: each request, and the records in its `results`."""
    return [(requested, records.read(requested.directory / RESULTS)) for requested in requests(directory)]


def _check(item: PlannedCase) -> None:
    """Refuses a case that no worker could run. The error is raised here, where it reaches the user who can correct it."""
    case = item.case
    if case.task in ("agreement", "curvature", *TIMED) and case.graph is not None and case.graph.batch_inputs():
        wanted = max(case.steps, 1) if case.task == "agreement" else 1
        batches = {group_of(name) for name in under(item.arrays, BATCH)}
        missing = {str(number) for number in range(wanted)} - batches
        if missing:
            raise ValueError(f"case {case.id}: arrays of batches {', '.join(sorted(missing))} are missing")
    for name, array in item.arrays.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(f"case {case.id}: {name} is no array")
