"""Owns the sources of tensors in a run of a user's own model: a tensor comes from the last call that gave the same numbers, in
any shape, behind a relu or with its channels moved.

It refuses to know a framework, and to name a source whose numbers are different.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import GIVEN, OUTPUT, TAKEN, array_name, in_order
from parity.execution.own_model.layers import Call

Array = npt.NDArray[Any]
Found = tuple[int, str]
"""A source and a turn, as in parity.execution.own_model.layers.Call."""


def traced_sources(
    calls: Sequence[Call], arrays: Mapping[str, Array], inputs: Sequence[Array]
) -> tuple[list[Call], list[Found]]:
    """The calls with their sources and turns, and the source of each of the model's outputs, (-1, "") if it is unknown.
    arrays: of the model's forward pass (parity.execution.own_model.layers.OwnModel.forward)."""
    by_digest: dict[bytes, Found] = {}
    for number, array in enumerate(inputs):
        by_digest |= _tellable(np.asarray(array), -2 - number)
    fed = []
    for place, call in enumerate(calls):
        taken = [np.asarray(arrays[array_name(TAKEN, place, slot)]) for slot in range(len(call.inputs))]
        sources = [_known(array, by_digest) for array in taken]
        fed.append(replace(call, sources=tuple(source for source, _ in sources), turns=tuple(turn for _, turn in sources)))
        for number in range(len(call.outputs)):
            by_digest |= _tellable(np.asarray(arrays[array_name(GIVEN, place, number)]), place)
    return fed, [_known(np.asarray(array), by_digest) for array in in_order(arrays, OUTPUT)]


def _known(array: Array, by_digest: Mapping[bytes, Found]) -> Found:
    """The source of a tensor. A tensor that a row was reshaped into, and whose channels were then moved, comes from the row."""
    turned = [(array, "")]
    if array.ndim == 3:
        turned += [(np.swapaxes(array, 1, 2), "swap")]
    if array.ndim > 3:
        turned += [(np.moveaxis(array, 1, -1), "first"), (np.moveaxis(array, -1, 1), "last")]
    for form, turn in turned:
        source, before = by_digest.get(_digest(form), (-1, ""))
        if source != -1 and not (turn and before):
            return source, turn or before
    return -1, ""


def _tellable(array: Array, source: int) -> dict[bytes, Found]:
    """Digest -> source and turn, for every form in which a layer may take this array. The unchanged form takes precedence."""
    return {_digest(form): (source, turn) for form, turn in _forms(array)}


def _forms(array: Array) -> Iterator[tuple[Array, str]]:
    values = (np.maximum(array, 0), array) if array.dtype.kind == "f" else (array,)
    if array.ndim == 3:
        for value in values:
            yield np.swapaxes(value, 1, 2), "swap"
    if array.ndim > 3:
        for value in values:
            yield np.moveaxis(value, -1, 1), "first"
            yield np.moveaxis(value, 1, -1), "last"
    for value in values:
        yield value, ""


def _digest(array: Array) -> bytes:
    narrow = array.astype(np.float32) if array.dtype == np.float64 else array
    return blake2b(np.ascontiguousarray(narrow).tobytes(), digest_size=16).digest()
