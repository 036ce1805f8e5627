"""Owns what compared models are given: the shapes that someone states, and the same numbers drawn for all of them.

It refuses to guess a shape that neither the command line, nor a module, nor a model, nor a spec says.
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


def drawn(found: Sequence[Structure], given: Sequence[Sequence[ComparedInput]], numbers: np.random.RandomState) -> list[Array]:
    """Neutral inputs, the same for all. Raises UsageError where the models take inputs of different shapes."""
    shapes = [
        [structure.entering(number, np.broadcast_to(np.zeros(()), one.shape)).shape for number, one in enumerate(each)]
        for structure, each in zip(found, given, strict=True)
    ]
    if any(one != shapes[0] for one in shapes):
        told = "; ".join(
            f"{structure.label} takes {', '.join(str(one.shape) for one in each)}"
            for structure, each in zip(found, given, strict=True)
        )
        raise UsageError(f"the models take different inputs: {told}. {INPUTS_NEEDED}")
    vocabularies = [
        leaf.settings["vocabulary"] for structure in found for leaf in structure.leaves if "vocabulary" in leaf.settings
    ]
    neutral = [replace(one, shape=shape) for one, shape in zip(given[0], shapes[0], strict=True)]
    return drawing.inputs(neutral, min(vocabularies, default=2), numbers)
