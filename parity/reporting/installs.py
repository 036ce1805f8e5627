"""Owns the record of what installed environments take: sizes, packages, Python's range, import times, with a checksum.

It refuses to measure, and a file that is not whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parity.execution import sealed
from parity.execution.damaged_files import Damaged, checksummed
from parity.reporting import row_checks

FORMAT = 1
FILE = "installs.json"
MEND = "take the committed file again (`git checkout`), or measure again by `parity env measure`"


@dataclass(frozen=True)
class InstallRecord:
    """What a built environment takes. megabytes: of its packages' files, without compiled caches. date: the day of it.

    python_range: the versions of Python that the framework's package asks for. import_seconds: of the second import.
    """

    framework: str
    version: str
    megabytes: float
    packages: int
    python: str
    python_range: str
    import_seconds: float
    system: str
    date: str


CHECKS: Mapping[str, row_checks.Check] = {
    "framework": row_checks.word,
    **dict.fromkeys(("version", "python", "python_range", "system"), row_checks.line),
    **dict.fromkeys(("megabytes", "import_seconds"), lambda value: row_checks.number(value) and value >= 0),
    "packages": row_checks.count,
    "date": row_checks.day,
}


def spelled(records: Sequence[InstallRecord]) -> str:
    """The text of the file."""
    ordered = sorted((asdict(record) for record in records), key=lambda entry: str(entry["framework"]))
    return json.dumps(checksummed({"format": FORMAT, "installs": ordered}), indent=1, sort_keys=True) + "\n"


def write(records: Sequence[InstallRecord], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sealed.replace(path, spelled(records))


def read(path: Path) -> list[InstallRecord]:
    """The records of a file. Raises Damaged where it is not whole, of another format, or holds what it cannot."""
    contents = sealed.read_checksummed(path, MEND)
    records = contents.get("installs")
    if contents.get("format") != FORMAT or not isinstance(records, list):
        raise Damaged(f"{path}: format {row_checks.shown(contents.get('format'))} is not {FORMAT}: {MEND}")
    for number, record in enumerate(records, start=1):
        if wrong := row_checks.problem(record, CHECKS, needed=CHECKS):
            raise Damaged(f"{path}: install {number}: {wrong}: {MEND}")
    read_records = [InstallRecord(**_plain(record)) for record in records]
    if sealed.text_of(path, MEND) != spelled(read_records):
        raise Damaged(f"{path}: it is not spelled as it was written: {MEND}")
    return read_records


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    return {**record, "megabytes": float(record["megabytes"]), "import_seconds": float(record["import_seconds"])}
