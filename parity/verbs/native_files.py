"""Owns files of weights in a framework's own format, as bytes. A file that parity writes gets its sha256 in a file beside it.

It refuses a file whose checksum does not match, and to know a format: a framework's worker reads it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from parity.errors import UsageError
from parity.spec.mistakes import short

ENDING = ".sha256"
LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)\n")
"""A line in the format of `sha256sum`, so that `sha256sum -c` reads it."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}")


def checked_name(name: str) -> str:
    """The name of a file. Raises UsageError if it might lead to another folder."""
    if not NAME.fullmatch(name):
        raise UsageError(f"a worker named a file `{short(name)}`: letters, digits, `.`, `_` and `-` alone are taken")
    return name


def write(path: Path, content: bytes) -> None:
    """Writes the file and its checksum, each whole or not at all."""
    line = f"{sha256(content).hexdigest()}  {path.name}\n"
    for target, data in ((path, content), (beside(path), line.encode())):
        aside = target.with_name(f"{target.name}.new")
        aside.write_bytes(data)
        aside.replace(target)


def read(framework: str, paths: Sequence[Path]) -> tuple[dict[str, bytes], list[Path]]:
    """Name -> content of the files, and the paths without a checksum beside them. Raises UsageError if a checksum does not
    match.

    A checksum among the paths (`parity weights export SPEC weights/*`) belongs to its file.
    """
    contents: dict[str, bytes] = {}
    unverified = []
    for path in paths:
        if path.name.endswith(ENDING):
            continue
        if path.name in contents:
            raise UsageError(f"two files are called {path.name}: give one of them")
        contents[path.name] = path.read_bytes()
        if not verified(framework, path):
            unverified.append(path)
    if not contents:
        raise UsageError("no file of weights is given, checksums alone")
    return contents, unverified


def verified(framework: str, path: Path) -> bool:
    """Whether a checksum lies beside the file. Raises UsageError where it is that of other bytes."""
    if not beside(path).exists():
        return False
    if (problem := _problem(path, path.read_bytes())) is not None:
        advice = f"take the file again, or remove {beside(path)} if you changed the weights yourself"
        raise UsageError(f"{framework}: ChecksumError: {path}: {problem}; {advice}")
    return True


def beside(path: Path) -> Path:
    """The path of a file's checksum."""
    return path.with_name(f"{path.name}{ENDING}")


def _problem(path: Path, content: bytes) -> str | None:
    checksum_file = beside(path)
    line = LINE.fullmatch(checksum_file.read_bytes()[:1000].decode(errors="replace")) if checksum_file.is_file() else None
    if line is None or line[2] != path.name:
        return f"{checksum_file} is no checksum of it"
    if line[1] != sha256(content).hexdigest():
        return f"it is not what was written: {checksum_file} is the checksum of other bytes"
    return None
