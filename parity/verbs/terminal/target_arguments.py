"""Owns `FRAMEWORK=PACKAGE.MODULE:NAME` and `FRAMEWORK=path/to/model.py:NAME` on the command line, with arguments behind a `?`.

It refuses to import what they name: it looks whether a file is there, and what it defines.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from parity.errors import UsageError
from parity.execution import own_path, own_target
from parity.execution.own_target import Mistyped

NAMED = 6
Side = str | tuple[str, Callable[..., Any]]
"""A model of the user's own: as it is typed, or its framework and the function or class itself."""


def typed(side: Side) -> str:
    """A side as it would be typed: a function by its file and its name. Raises UsageError for one that no file holds."""
    if isinstance(side, str):
        return side
    framework, made = side
    file, name = inspect.getsourcefile(inspect.unwrap(made)), getattr(made, "__qualname__", "")
    if file is None or not Path(file).is_file() or not name or "<" in name:
        raise UsageError(
            f"{framework}: {name or made!r} stands in no file at its top level, so that no other process can import it: put it "
            f"into a module (in a notebook: a cell that begins with %%writefile), and name it as {framework}=module:build"
        )
    return f"{framework}={file}:{name}"


def own_realizations(targets: Sequence[str]) -> dict[str, str]:
    """`torch=package.module:build` -> {"torch": "package.module:build"}. Raises UsageError for what says nothing, and for
    a file that is not there."""
    own = {}
    for text in targets:
        framework, separator, target = text.partition("=")
        if not separator or not framework or not target:
            raise UsageError(f"`{text}` is not of the form FRAMEWORK=PACKAGE.MODULE:NAME, or FRAMEWORK=path/to/model.py:NAME")
        try:
            own[framework] = _checked(target)
        except Mistyped as error:
            raise UsageError(f"{framework}={target}: {error}") from error
    return own


def _checked(target: str) -> str:
    place = target.partition("?")[0]
    if place.endswith(".py"):
        _there(place)
        names = own_path.offered_by(Path(place).expanduser())
        message = f" It defines {', '.join(names[:NAMED])}" if names else ""
        raise Mistyped(f"name what builds the model, behind a colon: {place}:{(names or ['build'])[0]}.{message}")
    parsed = own_target.parsed(target)
    if parsed.is_file:
        _there(parsed.place)
    return target


def _there(place: str) -> None:
    if not Path(place).expanduser().is_file():
        raise Mistyped(own_path.no_file(place))
