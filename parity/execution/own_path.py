"""Owns the place of the user's own modules in a worker's module path: behind the standard library and the installed packages.

It refuses to let a user's module called typing, or a folder called torch, shadow a module that a framework imports.
Standard library only.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

VARIABLE = "PARITY_MODULES"
"""Variable that lists the directories of the user's modules, in the form of PYTHONPATH."""


def own() -> list[str]:
    """The user's directories."""
    return [entry for entry in os.environ.get(VARIABLE, "").split(os.pathsep) if entry]


def extend() -> None:
    """Appends the user's directories to the module path."""
    sys.path += [entry for entry in own() if entry not in sys.path]


def find(target: str) -> Any:
    """The object that `package.module:name` names. Raises ImportError if an installed package has a module of this name."""
    name, _, attribute = target.partition(":")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        head = name.partition(".")[0]
        taken = getattr(sys.modules.get(head), "__file__", None)
        if error.name is None or not name.startswith(error.name) or not taken:
            raise
        told = f"{error}: `{head}` is {taken} here, which comes before modules of your own; give your module another name"
        raise ImportError(told) from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        file = str(getattr(module, "__file__", None) or "built in")
        if any(file.startswith(str(entry)) for entry in own()):
            raise
        raise AttributeError(f"{error}: it is {file}, which comes before modules of your own") from error
