"""Owns how a user's Flax model gets the weights of a file: msgpack, as `flax.serialization.to_bytes` writes it, or a
directory of Orbax.

It refuses any other kind of file, and one that does not hold exactly the model's own arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import serialization
from orbax import checkpoint as orbax

from parity.execution.own_target import Mistyped, near

ENDINGS = (".msgpack", ".flax", ".ckpt", ".bin")
INSIDE = ("params", "model", "state", "target", "variables")
"""Where training loops put the weights among what else they keep."""
NAMED = 4
Arrays = dict[str, Any]
TAKING: dict[int, Callable[[Path, Mapping[str, Any]], None]] = {}
"""Identity of a user's module -> who takes the arrays of a file for it: a module of NNX is copied by each run, and a module of
Linen holds none (observation.py)."""


def load(model: Any, file: Path) -> None:
    """Raises Mistyped where the file cannot be read so, or does not fit."""
    TAKING[id(model)](file, _flat(_read(file)))


def fitting(file: Path, given: Arrays, own: Mapping[str, tuple[int, ...]]) -> Arrays:
    """The arrays for the model, by its names. Raises Mistyped unless the file holds exactly these. own: name -> shape."""
    given = {name: array for name, array in _bare(given, own).items() if np.asarray(array).dtype.kind != "u" or name in own}
    lacking = [name for name in own if name not in given]
    over = [name for name in given if name not in own]
    if lacking or over:
        parts = [f"it lacks {_some(lacking)}"] if lacking else []
        parts += [f"the model has no {_some(over)}{near(over[0], lacking or list(own))}"] if over else []
        raise Mistyped(f"{file} does not fit the model: {'; '.join(parts)}")
    for name, array in given.items():
        if tuple(np.shape(array)) != own[name]:
            raise Mistyped(f"{file} does not fit the model: {name} is {tuple(np.shape(array))}, and {own[name]} in the model")
    return given


def _read(file: Path) -> Any:
    try:
        if file.is_dir():
            with orbax.PyTreeCheckpointer() as reader:
                return reader.restore(file.absolute())
        if file.suffix not in ENDINGS:
            raise Mistyped(
                f"{file} is no file of weights that Flax reads: a directory of Orbax, or a name with {', '.join(ENDINGS)}"
            )
        return serialization.msgpack_restore(file.read_bytes())
    except Mistyped:
        raise
    except Exception as error:  # whatever the reader says of a file
        told = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Mistyped(f"{file} cannot be read as weights: {told}") from error


def _flat(tree: Any, at: tuple[str, ...] = ()) -> Arrays:
    """Path -> array. NNX's files have a `value` below each variable, which is not in its name."""
    if isinstance(tree, Mapping):
        items = {name: item for name, item in tree.items() if item is not None}
        if set(items) == {"value"}:
            return _flat(items["value"], at)
        return {name: array for key, item in items.items() for name, array in _flat(item, (*at, str(key))).items()}
    if isinstance(tree, list | tuple):
        return _flat(dict(enumerate(tree)), at)
    return {".".join(at): tree} if isinstance(tree, np.ndarray | jax.Array | np.generic) else {}


def _bare(given: Arrays, own: Mapping[str, Any]) -> Arrays:
    """Without what stands around the weights: the names of a training state, and of Linen's collections."""
    for prefix in ("", *(f"{name}." for name in INSIDE), "model.params.", "state.params."):
        bare = {name.removeprefix(prefix): array for name, array in given.items() if name.startswith(prefix)}
        if own and set(own) <= set(bare):
            return {name: bare[name] for name in own} if prefix else bare
    plain = {name.removeprefix("params.").removeprefix("batch_stats."): array for name, array in given.items()}
    return plain if set(plain) & set(own) else given


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(f'`{name}`' for name in names[:NAMED])}{more}"
