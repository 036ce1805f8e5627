"""Owns the settings of a user for all commands: PARITY_FRAMEWORKS, `parity.toml`, and `[tool.parity]` in `pyproject.toml`.

It refuses to know which frameworks there are: `asked_frameworks.py` does.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from parity.errors import UsageError
from parity.spec.mistakes import did_you_mean, short

VARIABLE = "PARITY_FRAMEWORKS"
KEYS = ("frameworks",)


def frameworks() -> tuple[tuple[str, ...], str]:
    """The frameworks for commands that name none, and where this is set; both are empty if it is not set.

    Raises UsageError for a file that is not TOML, an unknown key, or a value that is not a list of words.
    """
    if words := os.environ.get(VARIABLE, "").replace(",", " ").split():
        return tuple(dict.fromkeys(words)), VARIABLE
    for file, settings in _files():
        for key in settings:
            if key not in KEYS:
                known = ", ".join(KEYS)
                raise UsageError(f"{file}: there is no setting `{short(key)}`; there is {known}{did_you_mean(key, KEYS)}")
        named = settings.get("frameworks", [])
        if not isinstance(named, list) or not all(isinstance(word, str) for word in named):
            raise UsageError(f'{file}: `frameworks` must be a list of words, such as ["torch", "keras"]')
        return tuple(dict.fromkeys(named)), str(file)
    return (), ""


def _files() -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Files with settings of parity, the nearest first: in this directory and those above it."""
    here = Path.cwd()
    for directory in (here, *here.parents):
        if (own := directory / "parity.toml").is_file():
            yield own, _read(own)
        if (project := directory / "pyproject.toml").is_file():
            tool = _read(project).get("tool", {})
            if isinstance(tool, dict) and isinstance(tool.get("parity"), dict):
                yield project, tool["parity"]


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {error}") from error
