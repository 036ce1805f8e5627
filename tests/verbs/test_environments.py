"""`parity env measure`: what an environment takes is what lies in it; the record keeps what it has of others."""

from __future__ import annotations

import venv
from pathlib import Path

import pytest

from parity.cli import status
from parity.reporting import installs

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: >=3.9\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with a torch of 3 MB that imports, another package, pip, and a compiled cache."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = (folder / "lib").glob("python*/site-packages")
    for name, version, size in (("torch", "9.9", 3_000_000), ("other", "1.0", 1_000_000), ("pip", "25.0", 2_000_000)):
        (packages / name / "__pycache__").mkdir(parents=True)
        (packages / name / "__init__.py").write_text(f"{'#' * (size - 1)}\n", encoding="utf-8")
        (packages / name / "__pycache__" / "cache.pyc").write_bytes(b"0" * 5_000_000)
        (packages / f"{name}-{version}.dist-info").mkdir()
        (packages / f"{name}-{version}.dist-info" / "METADATA").write_text(METADATA.format(name=name, version=version))
    return folder / "bin" / "python"


def test_an_environment_is_measured(environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_TORCH_PYTHON", str(environment))
    assert status(["env", "measure", "torch", "-o", str(tmp_path / "data" / "installs.json")]) == 0
    (record,) = installs.read(tmp_path / "data" / "installs.json")
    assert (record.framework, record.version, record.packages, record.python_range) == ("torch", "9.9", 2, ">=3.9")
    assert 4.0 <= record.megabytes < 4.1 and record.import_seconds >= 0


def test_what_is_on_record_of_others_stays(environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_TORCH_PYTHON", str(environment))
    file = tmp_path / "installs.json"
    jax = installs.InstallRecord("jax", "1", 2.0, 3, "3.11", "", 0.5, "Linux", "2026-12-01")
    installs.write([jax], file)
    assert status(["env", "measure", "torch", "-o", str(file)]) == 0
    assert [one.framework for one in installs.read(file)] == ["jax", "torch"] and jax in installs.read(file)


def test_what_cannot_be_imported_is_unavailable(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARITY_KERAS_PYTHON", str(environment))
    assert status(["env", "measure", "keras", "-o", str(tmp_path / "installs.json")]) == 3
    assert "keras: unavailable" in capfd.readouterr().out
    assert installs.read(tmp_path / "installs.json") == []
