"""Owns what a user sets once: `parity.toml`, `[tool.parity]` in `pyproject.toml`, PARITY_FRAMEWORKS, PARITY_STORE.

It refuses to know which frameworks and precisions there are: `selected_frameworks.py` and `options.py` do.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from parity.errors import UsageError
from parity.spec.mistakes import did_you_mean, short

VARIABLE, STORE_VARIABLE = "PARITY_FRAMEWORKS", "PARITY_STORE"
KEYS = ("frameworks", "store", "dtypes")


def frameworks() -> tuple[tuple[str, ...], str]:
    """The frameworks for commands that name none, and where this is set; both are empty if it is not set.

    Raises UsageError for a file that is not TOML, an unknown key, or a value that is not a list of words.
    """
    if words := os.environ.get(VARIABLE, "").replace(",", " ").split():
        return tuple(dict.fromkeys(words)), VARIABLE
    return _words("frameworks", '["torch", "keras"]')


def dtypes() -> tuple[tuple[str, ...], str]:
    """The precisions that are meant where a command names none, and where that is set. Raises as `frameworks` does."""
    return _words("dtypes", '["float64"]')


def store() -> Path | None:
    """Where records lie, if that is set: PARITY_STORE, or a path beside the file that says it. Raises as `frameworks` does."""
    if stated := os.environ.get(STORE_VARIABLE):
        return Path(stated)
    file, settings = _nearest()
    place = settings.get("store")
    if file is None or place is None:
        return None
    if not isinstance(place, str) or not place:
        raise UsageError(f'{file}: `store` must be a folder, such as ".parity"')
    return file.parent / Path(place).expanduser()


def _words(key: str, example: str) -> tuple[tuple[str, ...], str]:
    file, settings = _nearest()
    if file is None:
        return (), ""
    named = settings.get(key, [])
    if not isinstance(named, list) or not all(isinstance(word, str) for word in named):
        raise UsageError(f"{file}: `{key}` must be a list of words, such as {example}")
    return tuple(dict.fromkeys(named)), str(file)


def _nearest() -> tuple[Path | None, Mapping[str, Any]]:
    """The nearest file that holds settings of parity, and these; every key of it is known."""
    for file, settings in _files():
        for key in settings:
            if key not in KEYS:
                keys = ", ".join(KEYS)
                raise UsageError(f"{file}: there is no setting `{short(key)}`; there are {keys}{did_you_mean(key, KEYS)}")
        return file, settings
    return None, {}


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
