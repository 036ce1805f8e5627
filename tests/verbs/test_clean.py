"""`parity clean`: says where the store lies and what it takes, removes nothing unasked, and nothing that is not parity's."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.cli import status
from parity.execution.launcher.launching import only_writer
from parity.verbs import clean


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARITY_STORE", raising=False)
    place = tmp_path / ".parity"
    (place / "records/torch-float64").mkdir(parents=True)
    (place / "records/torch-float64/records.jsonl").write_bytes(b"x" * 1500)
    (place / "mine.txt").write_text("mine")
    return place


def test_nothing_is_removed_unasked(store: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["clean"]) == 0
    told = capfd.readouterr().out
    assert f"{store} holds 1.5 kB; nothing was removed: `parity clean --yes`" in told and "records" in told
    assert (store / "records/torch-float64/records.jsonl").is_file()


def test_what_is_paritys_is_removed_and_nothing_else(store: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["clean", "--yes"]) == 0
    assert [path.name for path in store.iterdir()] == ["mine.txt"] and "1.5 kB: removed" in capfd.readouterr().out
    (store / "mine.txt").unlink()
    assert status(["clean", "--yes"]) == 0
    assert not store.exists() and "holds nothing of parity" in capfd.readouterr().out


def test_a_link_out_of_the_store_is_not_followed(store: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/kept").write_text("kept")
    (store / "reports").symlink_to(tmp_path / "elsewhere")
    clean.emptied(store)
    assert (tmp_path / "elsewhere/kept").is_file()


def test_a_store_in_use_is_left_alone(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parity.execution.launcher.launching.LOCK_SECONDS", 0.0)
    with only_writer(store / "requests/torch-float64"):
        assert status(["clean", "--yes"]) == 3
    assert (store / "records/torch-float64/records.jsonl").is_file()


@pytest.mark.parametrize(("count", "told"), [(12, "12 bytes"), (2_500, "2.5 kB"), (3_200_000, "3.2 MB"), (10**10, "10.0 GB")])
def test_a_size_is_told_as_one_reads_it(count: int, told: str) -> None:
    assert clean.size(count) == told


def test_the_store_is_where_the_user_has_set_it(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "parity.toml").write_text('store = "kept"\n')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert status(["clean"]) == 0 and f"{tmp_path / 'kept'} holds nothing" in capfd.readouterr().out
    monkeypatch.setenv("PARITY_STORE", str(store))
    assert status(["clean"]) == 0 and f"{store} holds 1.5 kB" in capfd.readouterr().out
    assert status(["clean", "--store", "other"]) == 0 and "other holds nothing" in capfd.readouterr().out
    monkeypatch.delenv("PARITY_STORE")
    (tmp_path / "parity.toml").write_text("store = 3\n")
    assert status(["clean"]) == 2 and "`store` must be a folder" in capfd.readouterr().err
