"""Owns nested values: tensors are taken out of tuples, lists, tables, named tuples and dataclasses, with their paths, and put
back.

It refuses to know a framework; standard library alone, since both sides of the seam read it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any


@dataclass(frozen=True)
class Slot:
    """Stands for the tensor of this number in nested arguments."""

    place: int


@dataclass(frozen=True)
class Made:
    """Stands for an object of this class with these fields."""

    kind: type
    fields: Mapping[str, Any]


def taken_apart(value: Any, is_tensor: Callable[[Any], bool], tensors: list[Any]) -> Any:
    """The value with a Slot for each tensor, which goes to `tensors`. An object without any stays as it is."""
    if is_tensor(value):
        tensors.append(value)
        return Slot(len(tensors) - 1)
    if isinstance(value, Mapping):
        return {key: taken_apart(item, is_tensor, tensors) for key, item in value.items()}
    if isinstance(value, list):
        return [taken_apart(item, is_tensor, tensors) for item in value]
    if (fields := _fields(value)) is not None:
        before = len(tensors)
        made = Made(type(value), {name: taken_apart(item, is_tensor, tensors) for name, item in fields.items()})
        return made if len(tensors) > before else value
    if isinstance(value, tuple):
        return tuple(taken_apart(item, is_tensor, tensors) for item in value)
    return value


def put_together(skeleton: Any, tensors: Sequence[Any]) -> Any:
    """The value again, from its slots."""
    if isinstance(skeleton, Slot):
        return tensors[skeleton.place]
    if isinstance(skeleton, Made):
        return skeleton.kind(**{name: put_together(item, tensors) for name, item in skeleton.fields.items()})
    if isinstance(skeleton, Mapping):
        return {key: put_together(item, tensors) for key, item in skeleton.items()}
    if isinstance(skeleton, list):
        return [put_together(item, tensors) for item in skeleton]
    if isinstance(skeleton, tuple):
        return tuple(put_together(item, tensors) for item in skeleton)
    return skeleton


def paths(value: Any, is_tensor: Callable[[Any], bool], at: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Each tensor with its path, in the order of `taken_apart`: `logits`, `hidden.0`; "" of a value that is a tensor."""
    if is_tensor(value):
        yield ".".join(at), value
        return
    items: Mapping[Any, Any] | None = value if isinstance(value, Mapping) else _fields(value)
    if items is None and isinstance(value, list | tuple):
        items = dict(enumerate(value))
    for name, item in (items or {}).items():
        yield from paths(item, is_tensor, (*at, str(name)))


def tensors_of(value: Any, is_tensor: Callable[[Any], bool]) -> list[Any]:
    """The tensors in a value, in the order of `taken_apart`."""
    return [tensor for _, tensor in paths(value, is_tensor)]


def _fields(value: Any) -> Mapping[str, Any] | None:
    """The fields of a named tuple, a dataclass or a namespace; None for anything else."""
    if isinstance(value, tuple) and (names := getattr(type(value), "_fields", None)):
        return dict(zip(names, value, strict=True))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return vars(value) if isinstance(value, SimpleNamespace) else None


def plain(value: Any) -> Any:
    """A setting as JSON has it: lists for tuples, words for what is neither number, truth value nor text."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return getattr(value, "__name__", None) or str(value)
