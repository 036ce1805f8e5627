"""A place that can hold no files is told before anything runs, in a sentence and with status 2, whichever option names it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from parity.cli import status
from parity.errors import UsageError
from parity.execution.launcher import environments
from parity.trials import options

COMMANDS = {
    "check --store": ("check", "mlp", "--store"),
    "check --json": ("check", "mlp", "--json"),
    "check --junit": ("check", "mlp", "--junit"),
    "bench --store": ("bench", "lenet", "--store"),
    "bench --json": ("bench", "lenet", "--json"),
    "bisect --output": ("bisect", "mlp", "-f", "torch", "--output"),
    "run --store": ("run", "quick", "--store"),
    "run --output": ("run", "quick", "--output"),
    "run --plan": ("run", "quick", "--plan"),
    "atlas --output": ("atlas", "--output"),
    "report --output": ("report", str(Path(__file__).parents[2] / "reports" / "data"), "--output"),
}


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no /proc")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_place_below_proc_is_told(
    command: str, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status([*COMMANDS[command], "/proc/parity/below"]) == 2
    told = capfd.readouterr()
    assert "/proc/" in told.err and "name another place" in told.err and "Traceback" not in told.err


def test_environments_below_such_a_place_are_told(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_ENVIRONMENTS", "/proc/parity")
    assert status(["env", "build", "torch"]) == 2
    assert "PARITY_ENVIRONMENTS" in capfd.readouterr().err


def test_a_full_disk_is_no_wrong_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(options.tempfile, "TemporaryFile", full)
    with pytest.raises(OSError, match="No space left") as told:
        options.place(tmp_path)
    assert not isinstance(told.value, UsageError)


def test_a_damaged_marker_costs_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path))
    for name, text in (
        ("keras-tensorflow-cpu-0123456789ab", "[" * 10_000),
        ("torch-torch-cpu-0123456789ab", '{"directory": "/"}'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / environments.MARKER).write_text(text)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / environments.MARKER).write_text("{}")
    found = environments.standing()
    assert [(one.framework, one.variant, one.accelerator) for one in found] == [
        ("keras", "tensorflow", "cpu"),
        ("torch", "torch", "cpu"),
    ]
    assert {one.directory.parent for one in found} == {tmp_path}
    assert environments.remove("torch") == [tmp_path / "torch-torch-cpu-0123456789ab"]
