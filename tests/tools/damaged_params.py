"""MXNet's `.params` files as MXNet 1.9.1 writes them, and the kind of `.params` files from elsewhere."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from parity.execution.damaged_files import Damaged
from parity.mxnet_impl import params
from tests.tools.damaged_kind import Kind


def array_of(values: np.ndarray) -> bytes:
    """An array as MXNet 1.9.1 writes it: version, dense, axes, sizes, device, type, numbers."""
    head = struct.pack("<Iii", params.VERSION_2, 0, values.ndim) + struct.pack(f"<{values.ndim}q", *values.shape)
    return head + struct.pack("<iii", 1, 0, 0) + values.astype(np.float32).tobytes()


def file_of(arrays: dict[str, np.ndarray]) -> bytes:
    head = struct.pack("<QQQ", params.LIST, 0, len(arrays)) + b"".join(map(array_of, arrays.values()))
    names = (struct.pack("<Q", len(name)) + name.encode() for name in arrays)
    return head + struct.pack("<Q", len(arrays)) + b"".join(names)


def foreign_kind() -> Kind:
    """The kind of a .params file from elsewhere: it has no checksum, and must contain the arrays that it declares."""

    def make(folder: Path) -> Path:
        path = folder / "weights.params"
        path.write_bytes(file_of({"weight": np.arange(15.0).reshape(3, 5), "bias": np.ones(3)}))
        return path

    def read(path: Path) -> Any:
        if path.is_dir():
            raise Damaged(f"{path} is a directory")
        try:
            params.check(path.read_bytes())
        except ValueError as error:
            raise Damaged(f"{path}: {error}") from None
        return path.read_bytes()

    return Kind("native weights of others", make, read, corrected=True)


KINDS = (foreign_kind(),)
