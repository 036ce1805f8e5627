"""Weights in a framework's own format: what parity wrote is known by its checksum, and a file of MXNet's is measured first."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from parity.errors import UsageError
from parity.mxnet_impl import params
from parity.verbs import native_files

CONTENT = bytes(range(200))


def written(folder: Path) -> Path:
    native_files.write(folder / "weights.pt", CONTENT)
    return folder / "weights.pt"


def test_what_was_written_is_read_and_verified(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert native_files.read("torch", sorted(tmp_path.iterdir())) == ({"weights.pt": CONTENT}, [])
    native_files.beside(path).unlink()
    assert native_files.read("torch", [path]) == ({"weights.pt": CONTENT}, [path])


def test_every_bit_of_a_file_with_a_checksum_counts(tmp_path: Path) -> None:
    path = written(tmp_path)
    for place in range(len(CONTENT)):
        for damaged in (CONTENT[:place], CONTENT[:place] + bytes([CONTENT[place] ^ 1]) + CONTENT[place + 1 :]):
            path.write_bytes(damaged)
            with pytest.raises(UsageError, match=r"^torch: ChecksumError: .*take the file again"):
                native_files.read("torch", [path])


@pytest.mark.parametrize("text", [b"", b"x", b"\xff" * 80, b"0" * 64 + b"  other.pt\n", b"0" * 64 + b"  weights.pt"])
def test_a_damaged_checksum_is_no_missing_one(text: bytes, tmp_path: Path) -> None:
    path = written(tmp_path)
    native_files.beside(path).write_bytes(text)
    with pytest.raises(UsageError, match="is no checksum of it"):
        native_files.read("torch", [path])


def test_checksums_alone_are_no_weights(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="checksums alone"):
        native_files.read("torch", [native_files.beside(written(tmp_path))])


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "", ".x", "a\nb", "a\x1b"])
def test_a_worker_names_no_way_to_another_folder(name: str) -> None:
    with pytest.raises(UsageError, match="named a file"):
        native_files.checked_name(name)


def array_of(values: np.ndarray) -> bytes:
    """An array as MXNet 1.9.1 writes it: version, dense, axes, sizes, device, type, numbers."""
    head = struct.pack("<Iii", params.VERSION_2, 0, values.ndim) + struct.pack(f"<{values.ndim}q", *values.shape)
    return head + struct.pack("<iii", 1, 0, 0) + values.astype(np.float32).tobytes()


def file_of(arrays: dict[str, np.ndarray]) -> bytes:
    head = struct.pack("<QQQ", params.LIST, 0, len(arrays)) + b"".join(map(array_of, arrays.values()))
    names = (struct.pack("<Q", len(name)) + name.encode() for name in arrays)
    return head + struct.pack("<Q", len(arrays)) + b"".join(names)


ARRAYS = {"weight": np.ones((3, 5)), "bias": np.ones(3)}


def test_a_whole_file_of_mxnet_passes() -> None:
    params.check(file_of(ARRAYS))
    params.check(file_of({}))


def test_a_file_of_mxnet_with_another_length_is_refused() -> None:
    whole = file_of(ARRAYS)
    for length in range(len(whole)):
        with pytest.raises(ValueError):
            params.check(whole[:length])
    with pytest.raises(ValueError, match="stand behind its end"):
        params.check(whole + b"\0")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (struct.pack("<Q", params.LIST), struct.pack("<Q", 1), "does not begin"),
        (struct.pack("<qq", 3, 5), struct.pack("<qq", 2**40, 2**40), "it claims"),
        (struct.pack("<Iii", params.VERSION_2, 0, 2), struct.pack("<Iii", params.VERSION_2, 1, 2), "is sparse"),
        (struct.pack("<Iii", params.VERSION_2, 0, 2), struct.pack("<Iii", params.VERSION_2, 0, 2**30), "axes"),
        (struct.pack("<Iii", params.VERSION_2, 0, 2), struct.pack("<Iii", 0x12345678, 0, 2), "axes"),
        (struct.pack("<qiii", 5, 1, 0, 0), struct.pack("<qiii", 5, 1, 0, 99), "has type 99"),
        (struct.pack("<Q", 4) + b"bias", struct.pack("<Q", 2**50) + b"bias", "it claims"),
    ],
)
def test_what_a_file_of_mxnet_claims_must_be_there(before: bytes, after: bytes, told: str) -> None:
    whole = file_of(ARRAYS)
    assert before in whole
    with pytest.raises(ValueError, match=told):
        params.check(whole.replace(before, after, 1))


def test_two_arrays_of_one_name_are_refused() -> None:
    one, two = file_of({"a": np.ones(2)}), file_of({"a": np.ones(2), "b": np.ones(2)})
    params.check(one)
    with pytest.raises(ValueError, match="two arrays"):
        params.check(two[:-1] + b"a")
