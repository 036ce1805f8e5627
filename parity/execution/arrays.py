"""Owns arrays on disk: one `.npz` per case, written whole, synced and renamed, and verified by its sha256 when it is read.

It refuses to pickle, to unpickle, and to open a file that a record names outside of the arrays' directory.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.damaged_files import Damaged
from parity.execution.records import StoredArrays, file_digest

Array = npt.NDArray[Any]
PLACE = re.compile(r"arrays/[0-9a-f]{64}\.npz")
NARROW = ("float16", "bfloat16")


def store(directory: Path, key: str, arrays: Mapping[str, Array], dtype: str) -> StoredArrays:
    """Writes the arrays of the record `key`. dtype: the tested precision, which tells that float32 values are bfloat16 even if
    the framework widened them."""
    widened = {name: logical for name, array in arrays.items() if (logical := _narrow_type(np.asarray(array), dtype))}
    file = f"arrays/{key}.npz"
    _check_place(file)
    (directory / "arrays").mkdir(exist_ok=True)
    return StoredArrays(file, write_npz(directory / file, arrays), widened)


def load(directory: Path, stored: StoredArrays) -> dict[str, Array]:
    """The arrays that a record names. Raises ValueError if the file is not what the record says."""
    _check_place(stored.file)
    return read_npz(directory / stored.file, stored.sha256)


def write_npz(path: Path, arrays: Mapping[str, Array], synced: bool = True) -> str:
    """Writes a `.npz` whose bytes depend on the arrays alone, and returns its sha256. float16 and bfloat16 become float32.

    synced: whether the bytes are on the disk when this returns. A message between two living processes need not be.
    """
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with aside.open("wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(arrays):
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, _storable(np.asarray(arrays[name])), allow_pickle=False)
        file.flush()
        if synced:
            os.fsync(file.fileno())
    digest = file_digest(aside)
    aside.rename(path)
    if synced:
        _sync_directory(path.parent)
    return digest


def open_npz(path: Path, sha256: str) -> Mapping[str, Array]:
    """The arrays of a `.npz`. Each is read at every look-up and not kept. The file may be removed. Raises as read_npz does."""
    _check(path, sha256)
    opened: Mapping[str, Array] = np.load(path, allow_pickle=False)
    return opened


def read_npz(path: Path, sha256: str) -> dict[str, Array]:
    """The arrays of a `.npz`. Raises Damaged if its sha256 is another or there is no such file."""
    _check(path, sha256)
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _check(path: Path, sha256: str) -> None:
    if not path.is_file():
        raise Damaged(f"{path} is missing: run its case again")
    if (digest := file_digest(path)) != sha256:
        raise Damaged(
            f"{path}: sha256 is {digest}, and {sha256} was expected: the file was changed or torn; run its case again"
        )


def _storable(array: Array) -> Array:
    if array.dtype.name in NARROW:
        return array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"an array of type {array.dtype} cannot be stored: numbers and truth values only")
    return array


def _narrow_type(array: Array, dtype: str) -> str | None:
    """The narrow type (float16, bfloat16) whose values the stored float32 holds; None if there is none."""
    if array.dtype.name in NARROW:
        return str(array.dtype.name)
    if array.dtype != np.float32 or dtype not in NARROW:
        return None
    if dtype == "bfloat16":
        narrow = not np.any(np.ascontiguousarray(array).view(np.uint32) & 0xFFFF)
    else:
        with np.errstate(over="ignore"):
            narrow = np.array_equal(array.astype(np.float16).astype(np.float32), array, equal_nan=True)
    return dtype if narrow else None


def _check_place(file: str) -> None:
    if not PLACE.fullmatch(file):
        raise Damaged(f"{file!r} is no place for arrays: arrays/<sha256 key>.npz is")


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
