"""Owns the reading of default arguments in installed packages: `torch.optim.Adam(betas[0])` names such an argument.

It refuses to construct anything: it reads only signatures. Standard library only.
"""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

PLACE = re.compile(r"(?P<owner>[\w.]+)\((?P<argument>\w+)(\[(?P<index>\d+)\])?\)")
REQUIRED = "required"


def default(place: str) -> Any:
    """The default of `package.Owner(argument)` or `package.Owner(argument[index])`; `required` if the argument has none.

    Raises ValueError for text of another form, AttributeError if the package has no such owner or argument.
    """
    match = PLACE.fullmatch(place)
    if match is None:
        raise ValueError(f"{place!r} is not of the form package.Owner(argument)")
    value = plain(_default(owner(match["owner"]), match["argument"], place))
    return value[int(match["index"])] if match["index"] and isinstance(value, list) else value


def owner(name: str) -> Any:
    """The class or function of a dotted name. The longest beginning that is a module is imported; the rest are attributes."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:end])
        try:
            value: Any = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise  # the module exists, but a module that it needs does not
            continue
        for part in parts[end:]:
            value = getattr(value, part)
        return value
    raise AttributeError(f"no module of {name} is installed")


def _default(target: Any, argument: str, place: str) -> Any:
    """The default in a function's signature; for a class, in the first constructor of it or its bases with this argument."""
    made = [target]
    if isinstance(target, type):
        made = [vars(base)["__init__"] for base in target.__mro__ if "__init__" in vars(base)]
    for function in made:
        try:
            parameters = inspect.signature(function).parameters
        except ValueError:  # the constructor of a builtin
            continue
        if argument in parameters:
            value = parameters[argument].default
            return REQUIRED if value is inspect.Parameter.empty else value
    raise AttributeError(f"{place}: no such argument in the installed package")


def plain(value: Any) -> Any:
    """A value as JSON can hold it; a value that is no number, word or sequence becomes its class's name."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return getattr(value, "__name__", type(value).__name__)
