"""Owns how a user's own model is handed its inputs: by position, by the names of its parameters, as one table, or as one list.

It refuses to guess where a signature tells; where it does not, the ways are tried in their order. Standard library only.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from parity.execution.own_target import near

POSITIONS, NAMES, TABLE, LIST = "positions", "names", "table", "list"
LIKE = 0.6
"""How like two names are, one of which is probably the other (difflib)."""
BOLD = re.compile("\x1b\\[1m'?([^'\x1b]+)'?\x1b\\[0m")
NESTED = "."
"""Stands between the names of what lies in one another: `batch.ids`, `pair.0`."""


@dataclass(frozen=True)
class Calling:
    """names: of the inputs, "" for one that goes by its place; way: how they are handed over."""

    names: tuple[str, ...] = ()
    way: str = POSITIONS


@dataclass(frozen=True)
class Accepted:
    """What a model takes. names: of its parameters that have a place, in their order; further: of those that have a name alone;
    open_ended: whether it takes any other name too; listed: whether several inputs without names go as one list; known: the
    names of the inputs of a model that is no function with parameters, such as a graph; table: whether those go as one table.
    """

    names: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    open_ended: bool = False
    listed: bool = False
    known: tuple[str, ...] = ()
    table: bool = False


def accepted(function: Callable[..., Any], without: Sequence[str] = (), listed: bool = False) -> Accepted:
    """What a function's signature tells. without: parameters that are no inputs."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return Accepted(listed=listed)
    placed = tuple(
        parameter.name
        for parameter in parameters
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.name not in without
    )
    further = tuple(parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY)
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    several = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    return Accepted(placed, further, open_ended, listed and not several and len(placed) < 2)


def ways(names: Sequence[str], count: int, taken: Accepted) -> list[str]:
    """The ways to hand over so many inputs of these names, the likely one first."""
    heads = list(dict.fromkeys(name.partition(NESTED)[0] for name in names if name))
    if taken.known:
        return [TABLE] if taken.table else [LIST]
    plain = LIST if taken.listed and count > 1 else POSITIONS
    if not heads:
        return [plain]
    if all(head in (*taken.names, *taken.further) for head in heads):
        return [NAMES]
    if count == 1 and NESTED not in names[0]:
        return [*([NAMES] if taken.open_ended else []), POSITIONS, TABLE]
    return [*([NAMES] if taken.open_ended else []), TABLE, plain]


def mistyped(names: Sequence[str], taken: Accepted) -> str:
    """The sentence on a name that is probably another one of the model's; "" where all are its own, or none is like one."""
    names_known = [*taken.names, *taken.further, *taken.known]
    heads = list(dict.fromkeys(name if taken.known else name.partition(NESTED)[0] for name in names if name))
    strange = [head for head in heads if head not in names_known]
    if taken.open_ended or not strange or not names_known:
        return ""
    meant = next((head for head in strange if get_close_matches(head, names_known, 1, LIKE)), None)
    if meant is None and len(strange) == len(heads):
        return ""
    close = near(meant or strange[0], names_known) or "."
    return f"the model takes no input `{meant or strange[0]}`{close} It takes {', '.join(names_known)}"


def sought(error: KeyError, names: Sequence[str]) -> str:
    """The sentence on what a model looks for in its table of inputs and does not find; "" where no name is like it."""
    key = error.args[0] if error.args else None
    if isinstance(key, str) and (quoted := BOLD.search(key)):  # Keras raises the error anew, with a text around the key
        key = quoted[1]
    bare_names = [name.rpartition(NESTED)[2] for name in names]
    if not isinstance(key, str) or key in bare_names or not get_close_matches(key, bare_names, 1, LIKE):
        return ""
    return f"the model looks for `{key}` among its inputs, which are {', '.join(filter(None, names))}{near(key, bare_names)}"


def arguments(calling: Calling, values: Sequence[Any], taken: Accepted) -> tuple[list[Any], dict[str, Any]]:
    """What the model is called with: by place, and by name."""
    names = calling.names or ("",) * len(values)
    if taken.known:
        by_name = dict(zip(names if set(names) == set(taken.known) else taken.known, values, strict=True))
        ordered = {name: by_name[name] for name in taken.known}
        return [ordered if taken.table else list(ordered.values()) if len(values) > 1 else values[0]], {}
    first = [value for name, value in zip(names, values, strict=True) if not name]
    tree: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        if name:
            _put(tree, name.split(NESTED), value)
    held = {name: _tuples(value) for name, value in tree.items()}
    if calling.way == TABLE:
        return [*first, held], {}
    if calling.way == LIST:
        return [[*first, *held.values()]], {}
    if calling.way == POSITIONS:
        return [*first, *held.values()], {}
    begin = len(first)
    while begin < len(taken.names) and taken.names[begin] in held:
        first.append(held.pop(taken.names[begin]))
        begin += 1
    return first, held


def _put(tree: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = value


def _tuples(value: Any) -> Any:
    """A table whose names are 0, 1, 2 … is a tuple."""
    if not isinstance(value, dict):
        return value
    inside = {name: _tuples(item) for name, item in value.items()}
    return tuple(inside.values()) if list(inside) == [str(place) for place in range(len(inside))] else inside
