"""Owns where a shell looks for a script of completion, and puts it there. It refuses to edit a file of the user's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from parity.errors import UsageError
from parity.trials import options
from parity.verbs import terminal


def shell(name_given: str | None, shells: Sequence[str]) -> str:
    """The shell that is meant: the one given, or that of the variable SHELL. Raises UsageError."""
    name = name_given or Path(os.environ.get("SHELL", "")).name
    if name not in shells:
        message = f"the variable SHELL names `{name}`" if name else "the variable SHELL is not set"
        raise UsageError(f"{message}: say which shell, `parity completion install {' | '.join(shells)}`")
    return name


def place(name: str) -> Path:
    """Where a shell finds what it loads when `parity` is completed for the first time."""
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    places = {
        "bash": data / "bash-completion" / "completions" / "parity",
        "zsh": home / ".zfunc" / "_parity",
        "fish": configuration / "fish" / "completions" / "parity.fish",
    }
    return places[name]


ADVICE = {
    "bash": "open a new shell; without the package bash-completion add `source {path}` to ~/.bashrc",
    "zsh": "once, in ~/.zshrc: fpath+=~/.zfunc; autoload -Uz compinit && compinit; then open a new shell",
    "fish": "open a new shell",
}


def show(source: str) -> int:
    """Prints the script."""
    terminal.say(source)
    return 0


def install(name: str, source: str) -> int:
    """Writes the script, and says what else is to do."""
    path = place(name)
    options.place(path.parent)
    path.write_text(source, encoding="utf-8")
    terminal.say(f"wrote {path}")
    terminal.say(ADVICE[name].format(path=path))
    return 0
