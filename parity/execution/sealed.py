"""Owns files that count only if they are whole: JSON lines and arrays with a seal in the file, and JSON with its checksum.

A seal holds the number of lines and their sha256. A file with a line less, a line twice, two lines exchanged or another number
is refused; if a single line is to blame, its number is named. It refuses to know what the lines mean.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.arrays import write_npz
from parity.execution.damaged_files import CHECKSUM, Damaged, parsed, read_text, verified

Array = npt.NDArray[Any]
SHORT = 6
"""Hexadecimal digits of each line's sha256 that a seal keeps. They tell which line is damaged; the whole sha256 tells whether
one is."""
LARGEST = 256 * 2**20
"""Greatest size in bytes of a text file; parity writes none larger."""


@dataclass(frozen=True)
class Seal:
    """A seal of lines. lines: their number. sha256: of all lines with their newlines. sums: the beginnings of each line's
    sha256."""

    lines: int
    sha256: str
    sums: str

    @staticmethod
    def of(lines: Sequence[str]) -> Seal:
        data = [f"{line}\n".encode() for line in lines]
        sums = "".join(sha256(item).hexdigest()[:SHORT] for item in data)
        return Seal(len(lines), sha256(b"".join(data)).hexdigest(), sums)

    def to_json(self) -> dict[str, Any]:
        return {"lines": self.lines, "sha256": self.sha256, "sums": self.sums}

    @staticmethod
    def from_json(table: Any) -> Seal:
        """The seal in a JSON value. Raises ValueError if it is none."""
        if not isinstance(table, dict) or set(table) != {"lines", "sha256", "sums"}:
            raise ValueError("a seal has `lines`, `sha256` and `sums`")
        count, digest, sums = table["lines"], table["sha256"], table["sums"]
        if type(count) is not int or not isinstance(digest, str) or not isinstance(sums, str) or len(sums) != SHORT * count:
            raise ValueError("its seal is damaged")
        return Seal(count, digest, sums)


def read_lines(path: Path, seal: Seal, mend: str) -> list[str]:
    """The lines of a file whose seal lies elsewhere. mend: advice for the message. Raises Damaged."""
    return _held(path, text_of(path, mend), seal, mend)


def write_sealed_lines(path: Path, lines: Sequence[str]) -> None:
    """Writes lines of JSON with their seal as the last line, whole or not at all."""
    replace(path, "".join(f"{line}\n" for line in (*lines, json.dumps({"seal": Seal.of(lines).to_json()}))))


def read_sealed_lines(path: Path, mend: str) -> list[str]:
    """The lines that `write_sealed_lines` wrote. Raises Damaged."""
    text = text_of(path, mend)
    body, _, last = text.removesuffix("\n").rpartition("\n")
    try:
        last_line = parsed(last)
        seal = Seal.from_json(last_line.get("seal") if isinstance(last_line, dict) else None)
        if last != json.dumps({"seal": seal.to_json()}) or not text.endswith("\n"):
            raise ValueError("its seal is damaged")
    except ValueError as error:
        raise Damaged(f"{path}: the last line is no seal, so lines may be missing ({error}): {mend}") from None
    return _held(path, f"{body}\n" if body else "", seal, mend)


def read_checksummed(path: Path, mend: str) -> dict[str, Any]:
    """The object of a JSON file, without its checksum. Raises Damaged if the checksum does not match."""
    try:
        table = parsed(text_of(path, mend))
        if not isinstance(table, dict):
            raise ValueError("it holds no object")
        if CHECKSUM not in table:
            raise ValueError("it has no checksum, so that its numbers cannot be trusted")
        if not verified(table):
            raise ValueError("its checksum does not match: it was changed or torn")
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, Damaged) else Damaged(f"{path}: {error}: {mend}") from None
    return {key: value for key, value in table.items() if key != CHECKSUM}


def write_sealed_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Writes a `.npz` whose comment is the sha256 of all bytes before it."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.new")
    write_npz(aside, arrays)
    whole = aside.read_bytes()
    comment = sha256(whole).hexdigest().encode()
    aside.write_bytes(whole[:-2] + len(comment).to_bytes(2, "little") + comment)
    aside.replace(path)


def read_sealed_arrays(path: Path, mend: str) -> dict[str, Array]:
    """The arrays that `write_sealed_arrays` wrote. Raises Damaged."""
    data = _bytes(path, mend)
    whole, length, comment = data[:-66] + b"\0\0", data[-66:-64], data[-64:]
    if length != (64).to_bytes(2, "little") or sha256(whole).hexdigest().encode() != comment:
        raise Damaged(f"{path}: its checksum does not match: it was changed or torn: {mend}")
    try:
        with np.load(io.BytesIO(whole), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise Damaged(f"{path} is no file of arrays: {error}: {mend}") from None


def text_of(path: Path, mend: str) -> str:
    """The text of a file. Raises Damaged if it cannot be read or is too large."""
    try:
        if path.is_file() and path.stat().st_size > LARGEST:
            raise ValueError(f"it has {path.stat().st_size:,} bytes, and parity writes no such text")
        return read_text(_bytes(path, mend))
    except ValueError as error:
        raise error if isinstance(error, Damaged) else Damaged(f"{path}: {error}: {mend}") from None


def replace(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    aside = path.with_name(f"{path.name}.new")
    aside.write_text(text, encoding="utf-8", newline="")
    aside.replace(path)


def _bytes(path: Path, mend: str) -> bytes:
    if not path.exists():
        raise Damaged(f"{path} is missing: {mend}")
    if not path.is_file():
        raise Damaged(f"{path} is no file: {mend}")
    return path.read_bytes()


def _held(path: Path, text: str, seal: Seal, mend: str) -> list[str]:
    if sha256(text.encode()).hexdigest() == seal.sha256:
        lines = text.split("\n")[:-1]
        if len(lines) == seal.lines:
            return lines
    lines = text.removesuffix("\n").split("\n") if text else []
    sums = [sha256(f"{line}\n".encode()).hexdigest()[:SHORT] for line in lines]
    wanted = [seal.sums[at : at + SHORT] for at in range(0, len(seal.sums), SHORT)]
    pairs = enumerate(zip(sums, wanted, strict=False), start=1)
    first = next((at for at, (stored, own) in pairs if stored != own), min(len(sums), len(wanted)) + 1)
    if len(lines) == seal.lines and first <= len(lines):
        raise Damaged(f"{path}, line {first}: it is not the line that was written: {mend}")
    mismatch = (
        f"it has {len(lines)} lines, {seal.lines} were written" if len(lines) != seal.lines else "its end is not as written"
    )
    where = f", line {first}" if first <= max(len(lines), seal.lines) else ""
    raise Damaged(f"{path}{where}: {mismatch}: {mend}")
