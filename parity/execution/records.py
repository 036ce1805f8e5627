"""Owns the record: a worker's observation of one case, as one line of JSON with a checksum. It appends, reads and verifies
records, and computes their keys.

It refuses to judge, to unpickle, and to trust a line whose checksum does not match; arrays lie in files beside it
(`arrays.py`).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from parity.execution.damaged_files import parsed
from parity.spec.cases import Case

FORMAT = 1
HISTORY = {1: "first version"}
"""Version of the format -> its change. A reader takes the current version, and drops any other with a notice."""

OUTCOMES = ("ran", "unsupported", "unavailable", "crashed", "out_of_memory", "timed_out")
FINAL = ("ran", "unsupported")
"""Outcomes of cases that a resumed run does not run again."""

FILE = "records.jsonl"
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True)
class StoredArrays:
    """A file of arrays beside the records. widened: array name -> its narrow type, if that is stored as float32."""

    file: str
    sha256: str
    widened: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """The observation of one case, never a judgement. case: its id; mode: with `default` resolved; seconds: wall time."""

    key: str
    case: str
    framework: str
    outcome: str
    dtype: str
    device: str = "cpu"
    mode: str = "default"
    reason: str = ""
    framework_version: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    arrays: StoredArrays | None = None
    measurements: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Reading:
    """Records in the order of the file, a notice for each dropped line, and the byte where the next reading starts.

    spoiled: keys of the records that directly follow a dropped line. Another process may have written it during their cases.
    """

    records: tuple[Record, ...]
    notices: tuple[str, ...]
    end: int
    spoiled: frozenset[str] = frozenset()

    def latest(self) -> dict[str, Record]:
        """key -> its last record."""
        return {record.key: record for record in self.records}


def encode(record: Record) -> str:
    """The record as a line of JSON without its newline."""
    if record.outcome not in OUTCOMES:
        raise ValueError(f"record of {record.case}: outcome {record.outcome!r} is none of {', '.join(OUTCOMES)}")
    values = {item.name: getattr(record, item.name) for item in fields(record)}
    values["arrays"] = dict(vars(record.arrays)) if record.arrays else None
    body = _spell_non_finite({"format": FORMAT, **values})
    return canonical({**body, "checksum": _digest(canonical(body))})


def decode(line: str) -> Record:
    """The record in a line. Raises ValueError, which names the mistake."""
    body = parsed(line)
    if not isinstance(body, dict):
        raise ValueError("it is no record")
    if body.pop("checksum", None) != _digest(canonical(body)):
        raise ValueError("its checksum does not match")
    version = body.pop("format", None)
    if version != FORMAT:
        raise ValueError(f"its format is {version!r}, and this parity reads {FORMAT}")
    try:
        arrays = body.pop("arrays")
        measurements, seconds = _read_non_finite(body.pop("measurements")), _read_non_finite(body.pop("seconds"))
        stored = StoredArrays(**arrays) if arrays else None
        return Record(**body, arrays=stored, measurements=measurements, seconds=seconds)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a field is missing or unknown: {error}") from error


def append(directory: Path, record: Record) -> None:
    """Adds the record to the directory's file, whole and synced. When this returns, the record counts."""
    append_line(directory / FILE, encode(record))


def append_line(path: Path, line: str) -> None:
    """Writes one line in one piece and syncs it to the disk. If the file ends in another process's torn line, that line is
    ended first."""
    data = line.encode() + b"\n"
    with path.open("ab+") as file:
        if file.tell() and _last_byte(file.fileno(), file.tell()) != b"\n":
            data = b"\n" + data
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read(directory: Path, start: int = 0) -> Reading:
    """The records of all whole lines from byte `start` on. A line that cannot be trusted becomes a notice, and so does a torn
    last line."""
    path, data = directory / FILE, b""
    if path.exists():
        with path.open("rb") as file:
            file.seek(start)
            data = file.read()
    whole, _, tail = data.rpartition(b"\n")
    records, notices, spoiled, dropped = list[Record](), list[str](), set[str](), list[str]()
    for number, line in enumerate(whole.split(b"\n"), start=1):
        if not line:
            continue
        try:
            record = decode(line.decode())
        except (ValueError, RecursionError) as error:
            dropped.append(f"line {number} of those after byte {start}: {error}")
            continue
        records.append(record)
        if dropped:
            spoiled.add(record.key)
            notices.append(f"{path}: {len(dropped)} lines are dropped, the first {dropped[0]}")
            dropped.clear()
    if dropped:
        notices.append(f"{path}: {len(dropped)} lines are dropped, the first {dropped[0]}")
    if tail:
        notices.append(f"{path}: a torn tail of {len(tail)} bytes is dropped; its case runs again")
    return Reading(tuple(records), tuple(notices), start + len(data) - len(tail), frozenset(spoiled))


def drop_torn_tail(directory: Path) -> list[str]:
    """Cuts an unfinished last line off the file, and gives a notice. Only the single writer may call it, while no other process
    writes."""
    reading, path = read(directory), directory / FILE
    if path.exists() and reading.end < path.stat().st_size:
        os.truncate(path, reading.end)
        return [reading.notices[-1]]
    return []


def record_key(
    case: Case, draws: str, framework: str, versions: Mapping[str, str], implementation: str, *, threads: int = 1
) -> str:
    """sha256 of everything that determines the result of a case, so that an unchanged case is not run again.

    draws: digest of the case's arrays. versions: of every package of the framework's environment, and of its Python.
    implementation: digest of the source that runs the case (`source_digest`).
    """
    case_json = case.to_json()
    case_json["graph"] = case.graph.digest() if case.graph else None
    determined = {
        "format": FORMAT,
        "case": case_json,
        "draws": draws,
        "framework": framework,
        "versions": dict(versions),
        "implementation": implementation,
        "threads": threads,
    }
    return _digest(canonical(determined))


def source_digest(paths: Iterable[Path]) -> str:
    """sha256 over the relative names and contents of Python sources: the files, and all `*.py` under directories."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(path.parent).as_posix()
            total.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(value: Any) -> str:
    """JSON with one spelling for each value: sorted keys, no spaces, ASCII, no bare NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _last_byte(descriptor: int, size: int) -> bytes:
    return os.pread(descriptor, 1, size - 1)


def _spell_non_finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return _each(value, _spell_non_finite)


def _read_non_finite(value: Any) -> Any:
    if isinstance(value, str):
        return NON_FINITE.get(value, value)
    return _each(value, _read_non_finite)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: change(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [change(item) for item in value]
    return value
