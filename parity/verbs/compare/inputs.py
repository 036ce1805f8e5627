"""Owns the inputs of compared models: their shapes, and the same numbers drawn for all models.

It refuses to guess a shape: the command line, a module, a model or a spec must state it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import drawing
from parity.comparing.drawing import ComparedInput
from parity.comparing.structures import Structure
from parity.errors import UsageError
from parity.verbs.compare.traced import INPUTS_NEEDED

Array = npt.NDArray[Any]


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
        told = "; ".join(
            f"{structure.label} takes {', '.join(str(model_input.shape) for model_input in each)}"
            for structure, each in zip(structures, model_inputs, strict=True)
        )
        raise UsageError(f"the models take different inputs: {told}. {INPUTS_NEEDED}")
    vocabularies = [
        leaf.settings["vocabulary"] for structure in structures for leaf in structure.leaves if "vocabulary" in leaf.settings
    ]
    neutral = [replace(model_input, shape=shape) for model_input, shape in zip(model_inputs[0], shapes[0], strict=True)]
    return drawing.inputs(neutral, min(vocabularies, default=2), numbers)
