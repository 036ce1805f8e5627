"""Interpreters that answer strangely: each becomes a reason within a time and a size, and other frameworks keep their lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from parity.execution.launcher import diagnosis, environments, isolation, supervisor_client
from parity.execution.launcher.environments import Unavailable
from parity.execution.launcher.supervisor_client import NoAnswer, Surroundings

ANSWERS = {
    "list": ("print('[1, 2]')", "is no Python"),
    "number": ("print(7)", "is no Python"),
    "bad_utf8": ('import sys; sys.stdout.buffer.write(b\'{"a": "\\xff"}\')', "is no Python"),
    "brackets": ("print('[' * 100_000)", "is no Python"),
    "versions_no_text": ("print('{\"numpy\": 3}')", "is no text"),
    "flood": ("while True: print('x' * 10_000)", "answers with more than"),
    "flood_of_errors": ("import sys\nwhile True: sys.stderr.write('x' * 10_000)", "answers with more than"),
    "sleeper": ("import time\nwhile True: time.sleep(60)", "gave no answer within"),
    "silent_sleeper": ("import os, time\nos.close(1)\nwhile True: time.sleep(60)", "gave no answer within"),
}


def interpreter(place: Path, program: str) -> Path:
    path = place / "python"
    path.write_text(f"#!{sys.executable} -IS\n{program}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", ANSWERS)
def test_a_strange_answer_is_a_reason(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, reason = ANSWERS[name]
    monkeypatch.setattr(environments, "ASK_SECONDS", 2.0)
    monkeypatch.setattr(environments, "ASK_BYTES", 1 << 18)
    monkeypatch.setenv("PARITY_TORCH_PYTHON", str(interpreter(tmp_path, program)))
    with pytest.raises(Unavailable, match=reason):
        environments.installed("torch")


DESCRIPTIONS = {
    "no_object": "print('[]')",
    "no_lists": 'print(\'{"name": "torch", "version": "1", "default_mode": "eager"}\')',
    "control_signs": 'print(\'{"name": "a\\u001b[2J", "version": "1", "devices": [], "dtypes": [], "modes": []}\')',
    "nothing": "pass",
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_doctor_keeps_every_other_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = "import sys\nif '-c' in sys.argv: sys.exit(print('{\"python\": \"3.11.0\"}'))\n"
    monkeypatch.setenv("PARITY_TORCH_PYTHON", str(interpreter(tmp_path, versions + DESCRIPTIONS[name])))
    monkeypatch.setenv("PARITY_MXNET_PYTHON", "/nowhere/python")
    first, second = diagnosis.diagnose(["torch", "mxnet"])
    assert first.description is None and "torch does not describe itself" in first.reason
    assert second.description is None and "cannot be run" in second.reason


def test_a_daemon_of_an_interpreter_ends_with_it(tmp_path: Path) -> None:
    program = "import os, time\nif one := os.fork():\n    print(one)\nelse:\n    os.setsid()\n    time.sleep(600)\n"
    seen = Surroundings(isolation.allowed(os.environ), tmp_path, tmp_path / "log", grace=0.0)
    returncode, said = supervisor_client.ask([sys.executable, "-I", "-c", program], seen, 60.0)
    assert returncode == 0
    assert not Path(f"/proc/{int(said)}").exists()


@pytest.mark.parametrize("text", ["[]", "3", '"a"', "[" * 100_000, "", "{"])
def test_only_an_object_is_a_table(text: str) -> None:
    with pytest.raises(NoAnswer):
        supervisor_client.table(text)
