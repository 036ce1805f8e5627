"""Owns the inputs of compared models: their shapes, and the same numbers drawn for all models.

It refuses to guess a shape: the command line, a module, a model or a spec must state it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import random_arrays
from parity.comparing.model_structure import Structure
from parity.comparing.random_arrays import ComparedInput
from parity.errors import UsageError
from parity.verbs.compare.model_tracing import INPUTS_NEEDED

Array = npt.NDArray[Any]


def of_file(path: Path) -> list[ComparedInput]:
    """The arrays of a `.npz` by their names (`arr_0`, as NumPy calls what has none, by their places), or the one of a `.npy`.

    A slash in a name stands for a point: `batch/ids`. Raises UsageError."""
    try:
        with path.open("rb") as file:
            opened = np.load(file, allow_pickle=False)
            arrays = {"": opened} if isinstance(opened, np.ndarray) else {name: opened[name] for name in opened.files}
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {path}") from error
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is no .npz or .npy file of arrays: {error}") from error
    if not arrays:
        raise UsageError(f"{path} holds no array")
    plain = all(re.fullmatch(r"arr_\d+", name) for name in arrays)
    try:
        return [random_arrays.example("" if plain else name.replace("/", "."), array) for name, array in arrays.items()]
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error


def drawn(
    structures: Sequence[Structure], model_inputs: Sequence[Sequence[ComparedInput]], numbers: np.random.RandomState
) -> list[Array]:
    """Neutral inputs, the same for all models. Raises UsageError if the models take inputs of different shapes."""
    shapes = [
        [
            structure.entering(number, np.broadcast_to(np.zeros(()), model_input.shape)).shape
            for number, model_input in enumerate(each)
        ]
        for structure, each in zip(structures, model_inputs, strict=True)
    ]
    if any(shape != shapes[0] for shape in shapes):
        shapes_text = "; ".join(
            f"{structure.label} takes {', '.join(str(model_input.shape) for model_input in each)}"
            for structure, each in zip(structures, model_inputs, strict=True)
        )
        raise UsageError(f"the models take different inputs: {shapes_text}. {INPUTS_NEEDED}")
    vocabularies = [
        leaf.settings["vocabulary"] for structure in structures for leaf in structure.leaves if "vocabulary" in leaf.settings
    ]
    neutral = [
        replace(
            model_input,
            shape=shape,
            values=None if model_input.values is None else structures[0].entering(number, model_input.values),
        )
        for number, (model_input, shape) in enumerate(zip(model_inputs[0], shapes[0], strict=True))
    ]
    return random_arrays.inputs(neutral, min(vocabularies, default=2), numbers)
