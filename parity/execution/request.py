"""Owns the request: the cases that one process of one framework shall run, as `request.json` beside their arrays.

It refuses to write arrays (`planning.py`), and to open a file outside of the request's directory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parity.execution.damaged_files import Damaged, checksummed, parsed, read_text, verified
from parity.spec.cases import TIMED, Case

FORMAT = 1
FILE = "request.json"
ARRAYS = re.compile(r"[0-9]+\.npz")
KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RequestEntry:
    """A case, the key of its record, and its arrays: a file beside request.json and its sha256, or no file."""

    case: Case
    key: str
    arrays: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Request:
    """The cases for one process. dtype: their precisions, joined by +. realization: `package.module:name` of a user's own;
    None for the framework's."""

    directory: Path
    framework: str
    dtype: str
    entries: tuple[RequestEntry, ...]
    realization: str | None = None
    threads: int = 1

    def timed(self) -> bool:
        """Whether cases are timed, so that the process's memory allocator must be pinned."""
        return bool(self.entries) and all(entry.case.task in TIMED for entry in self.entries)


def encode(request: Request) -> str:
    """The text of request.json."""
    entries = [
        {"case": entry.case.to_json(), "key": entry.key, "arrays": entry.arrays, "sha256": entry.sha256}
        for entry in request.entries
    ]
    head = {"format": FORMAT, "framework": request.framework, "realization": request.realization, "dtype": request.dtype}
    return json.dumps(checksummed({**head, "threads": request.threads, "cases": entries}), indent=1, allow_nan=False)


def read(directory: Path) -> Request:
    """The request of a directory. Raises Damaged, which names the file and the mistake."""
    path = directory / FILE
    try:
        data = parsed(read_text(path.read_bytes()))
        if data.get("format") != FORMAT:
            raise ValueError(f"request format {data.get('format')!r} is not {FORMAT}: write the request with this parity again")
        entries = tuple(_entry(item) for item in data["cases"])
        if not verified(data):
            raise ValueError("its checksum does not match: it was changed or torn; write the request with this parity again")
        return Request(directory, data["framework"], data["dtype"], entries, data["realization"], data["threads"])
    except FileNotFoundError as error:
        raise Damaged(f"{path} is missing: {directory} holds no request") from error
    except IsADirectoryError as error:
        raise Damaged(f"{path} is a directory: {directory} holds no request") from error
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Damaged(f"{path}: a field is missing or of the wrong type: {error}") from error
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{path}: {error}") from error


def _entry(item: Mapping[str, Any]) -> RequestEntry:
    key, arrays = item["key"], item["arrays"]
    if not KEY.fullmatch(key):
        raise ValueError(f"key {key!r} is no sha256")
    if arrays is not None and not ARRAYS.fullmatch(arrays):
        raise ValueError(f"arrays {arrays!r} is no file name of a request: <number>.npz is")
    return RequestEntry(Case.from_json(item["case"]), key, arrays, item.get("sha256"))
