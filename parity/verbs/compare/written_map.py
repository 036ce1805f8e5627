"""Owns the file of a map of weights, which is overwritten only if nobody has edited it.

It refuses to overwrite an edited file: the new map then goes beside it, and a sentence says so.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

MARK = re.compile(r"# unedited while its sha256 is ([0-9a-f]{64})\n")


def write(path: Path, text: str) -> str:
    """Writes the map to the path, or beside it if the file was edited. Returns a sentence for the user in that case, "" if
    not."""
    if _unedited(path):
        path.write_text(_marked(text), encoding="utf-8")
        return ""
    if MARK.sub("", path.read_text(encoding="utf-8", errors="replace")) == text:
        return ""
    beside = next(path for path in _beside(path) if _unedited(path))
    beside.write_text(_marked(text), encoding="utf-8")
    return f"{path} was edited and stays as it is; pass it with --weights-map {path}. The map of this run is in {beside}"


def _marked(text: str) -> str:
    return f"# unedited while its sha256 is {_digest(text)}\n{text}"


def _unedited(path: Path) -> bool:
    """Whether the path is free, or holds a map exactly as parity wrote it."""
    if not path.exists() or not path.is_file():
        return True
    text = path.read_text(encoding="utf-8", errors="replace")
    mark = MARK.match(text)
    return mark is not None and mark[1] == _digest(text[mark.end() :])


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _beside(path: Path) -> list[Path]:
    return [path.with_name(f"{path.stem}.new{number or ''}{path.suffix}") for number in range(1000)]
