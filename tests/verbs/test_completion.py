"""The shell completes commands, specs, frameworks and the words of options; the script lies where the shell looks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from parity.cli import status
from parity.commands import parity
from parity.execution.frameworks import names


def completed(line: str) -> list[str]:
    """What a shell is offered at the end of a line."""
    *words, last = line.split(" ")[1:]
    return [found.value for found in ShellComplete(parity, {}, "parity", "_PARITY_COMPLETE").get_completions(words, last)]


def test_bash_is_answered_by_the_command_itself() -> None:
    asked = {"_PARITY_COMPLETE": "bash_complete", "COMP_WORDS": "parity check lenet -f to", "COMP_CWORD": "4"}
    done = subprocess.run(
        [sys.executable, "-m", "parity"], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    assert done.stdout == "plain,torch\n"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("parity comp", {"compare", "completion"}),
        ("parity check resnet1", {"resnet18", "resnet18_small_images", "resnet152", "resnet101"}),
        ("parity check lenet --framework ", set(names())),
        ("parity check lenet --dtype ", {"float64", "float32"}),
        ("parity check lenet --device ", {"cpu", "gpu", "tpu"}),
        ("parity bench lenet --mode co", {"compiled", "compiled[xla]", "compiled[channels_last]"}),
        ("parity check lenet --size s", {"small"}),
        ("parity list opt", {"optimizers"}),
        ("parity list --format m", {"markdown"}),
        ("parity atlas norm", {"normalization"}),
        ("parity atlas --item batch_norm.eps", {"batch_norm.epsilon"}),
        ("parity run qu", {"quick"}),
        ("parity env build to", {"torch"}),
        ("parity fingerprint a.B --as norm", {"normalization"}),
        ("parity show ./mi", {"./mi"}),
    ],
)
def test_a_word_is_completed(line: str, wanted: set[str]) -> None:
    assert set(completed(line)) == wanted


@pytest.mark.parametrize(
    ("shell", "place", "mark"),
    [
        ("bash", ".local/share/bash-completion/completions/parity", "complete -o nosort -F _parity_completion parity"),
        ("zsh", ".zfunc/_parity", "#compdef parity"),
        ("fish", ".config/fish/completions/parity.fish", "complete --no-files --command parity"),
    ],
)
def test_the_script_is_put_where_the_shell_looks(
    shell: str, place: str, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert status(["completion", "install"]) == 0
    assert mark in (tmp_path / place).read_text()
    assert f"wrote {tmp_path / place}" in capfd.readouterr().out
    assert status(["completion", "show", shell]) == 0
    assert capfd.readouterr().out.strip() == (tmp_path / place).read_text().strip()


def test_an_unknown_shell_is_a_mistake(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert status(["completion", "install"]) == 2
    assert "the variable SHELL names `tcsh`: say which shell" in capfd.readouterr().err
    assert status(["completion", "install", "csh"]) == 2
