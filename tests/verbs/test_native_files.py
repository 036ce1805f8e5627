"""Weights in a framework's own format: what parity wrote is known by its checksum."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.errors import UsageError
from parity.verbs import native_files, weights

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


def test_what_a_framework_refuses_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise UsageError("torch: ValueError: negative seek value -3498", status=3)

    monkeypatch.setattr(weights, "moved", refused)
    with pytest.raises(UsageError, match=r"^torch: ValueError: .*\nread from .*weights\.pt$") as told:
        weights.to_neutral("mlp", [written(tmp_path)], "torch", tmp_path / "out.npz", "small")
    assert told.value.status == 3
