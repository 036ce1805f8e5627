"""Owns the reading of a neutral file of weights from outside: a .npz that holds a graph's arrays, and nothing else.

It refuses pickles, arrays that are not the graph's, and numbers that float32 does not hold. It reads all names and headers
before any array.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.errors import UsageError
from parity.execution.names import PARAMETER, STATISTIC, array_name
from parity.spec.graph import Graph, Shape

Array = npt.NDArray[Any]
SHOWN = 10
UNREADABLE = (OSError, ValueError, EOFError, SyntaxError, TokenError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""The exceptions of zipfile and numpy for a file that is torn, encrypted, or of another format."""


def kinds(graph: Graph) -> dict[str, str]:
    """Name -> `parameter` or `statistic`, the group of the array in the file."""
    return {parameter.name: PARAMETER for parameter in graph.parameters} | {
        statistic.name: STATISTIC for statistic in graph.statistics
    }


def read(path: Path, graph: Graph) -> dict[str, Array]:
    """The float32 arrays of a neutral file. Raises UsageError for a file that does not hold exactly the graph's arrays."""
    shapes = {parameter.name: parameter.shape for parameter in graph.parameters} | {
        statistic.name: statistic.shape for statistic in graph.statistics
    }
    wanted = {array_name(kind, name): shapes[name] for name, kind in kinds(graph).items()}
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse(path, graph, list(_wrong(_headers(archive), wanted, graph)))
            loaded = {name: _array(archive, name) for name in wanted}
    except UNREADABLE as error:
        raise UsageError(f"{path} is no .npz of weights: {' '.join(str(error).split()) or 'it is empty'}") from error
    _refuse(
        path,
        graph,
        [
            f"{name} holds numbers that float32 does not: weights travel in float32, round them first"
            for name, array in loaded.items()
            if _lossy(array)
        ],
    )
    return {name: array.astype(np.float32) for name, array in loaded.items()}


def _headers(archive: zipfile.ZipFile) -> dict[str, tuple[Shape, np.dtype[Any]]]:
    """Name -> shape and type, read without the numbers, since a small file may claim or unpack to more than memory holds."""
    headers = {}
    for member in archive.infolist():
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = reader(file)
        headers[member.filename.removesuffix(".npy")] = (tuple(shape), dtype)
    return headers


def _wrong(headers: Mapping[str, tuple[Shape, np.dtype[Any]]], wanted: Mapping[str, Shape], graph: Graph) -> Iterator[str]:
    yield from (f"{name} is missing" for name in wanted if name not in headers)
    yield from (f"{name} is not one of {graph.name}'s" for name in headers if name not in wanted)
    for name, shape in wanted.items():
        if name in headers and headers[name][0] != shape:
            yield f"{name} has shape {headers[name][0]}, the spec says {shape}"
        if name in headers and headers[name][1].kind != "f":
            yield f"{name} is of type {headers[name][1]}, weights are floats"


def _array(archive: zipfile.ZipFile, name: str) -> Array:
    with archive.open(f"{name}.npy") as file:
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _lossy(array: Array) -> bool:
    with np.errstate(over="ignore"):
        return not np.array_equal(array.astype(np.float32).astype(array.dtype), array, equal_nan=True)


def _refuse(path: Path, graph: Graph, problems: list[str]) -> None:
    if problems:
        more = f"\nand {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise UsageError(f"{path} does not fit {graph.name}:\n" + "\n".join(problems[:SHOWN]) + more)
