"""Owns a group of the arrays of an answer that stays in its file: each array is read when it is looked up, and not kept.

It refuses to hold a copy: two deep models' weights, twice, are a gigabyte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy.typing as npt

from parity.execution.names import array_name, under

Array = npt.NDArray[Any]


class StoredGroup(Mapping[str, Array]):
    """The arrays of a group, by their names in it."""

    def __init__(self, arrays: Mapping[str, Array], group: str) -> None:
        self._arrays, self._group = arrays, group
        start = array_name(group, "")
        self._names = tuple(name.removeprefix(start) for name in arrays if name.startswith(start))

    def __getitem__(self, name: str) -> Array:
        return self._arrays[array_name(self._group, name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def of(arrays: Mapping[str, Array], group: str) -> Mapping[str, Array]:
    """The arrays of a group: those of a small answer, or of a large one that stays in its file."""
    return under(arrays, group) if isinstance(arrays, dict) else StoredGroup(arrays, group)
