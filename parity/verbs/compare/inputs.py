"""Owns what compared models are given: the shapes that someone states, and the same numbers drawn for all of them.

It refuses to guess a shape that neither the command line, nor a module, nor a model, nor a spec says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import drawing
from parity.comparing.drawing import Given
from parity.comparing.structures import Structure
from parity.errors import UsageError
from parity.verbs.compare.output import Model

Array = npt.NDArray[Any]
INPUTS_NEEDED = (
    "Give the inputs' shapes, with the batch: `--inputs 3x16` (one for each input; `3x7:0..99` for integers, "
    '`3x7:bool` for truth values), or `INPUTS = ["3x16"]` beside `build`'
)


def wanted(models: Sequence[Model], answers: Sequence[Mapping[str, Any]], stated: Sequence[str]) -> list[list[Given]]:
    """For each model: what is stated, as the first model takes it; what its module, its framework or its spec says; or what
    another model takes. An image has its channels where the framework has them. Raises UsageError where nobody says."""
    try:
        given = [drawing.given(text) for text in stated]
        own = [(given and _carried(given, answers[0], answer)) or _own(answer) for answer in answers]
    except ValueError as error:
        raise UsageError(str(error)) from error
    known = next((place for place, one in enumerate(own) if one), None)
    if known is None:
        raise UsageError(f"{models[0].label} does not say what it takes: {INPUTS_NEEDED}")
    return [one or _carried(own[known], answers[known], answer) for one, answer in zip(own, answers, strict=True)]


def _own(answer: Mapping[str, Any]) -> list[Given]:
    """From INPUTS beside `build`, or from the model where its framework knows it; nothing where neither says."""
    if answer["inputs"] is not None:
        return [drawing.given(value) for value in answer["inputs"]]
    return [Given((drawing.BATCH, *shape), kind) for shape, kind in answer["known"] or ()]


def _carried(given: Sequence[Given], source: Mapping[str, Any], target: Mapping[str, Any]) -> list[Given]:
    """One model's inputs as another takes them: as they stand, where the other itself says so."""
    known = [tuple(shape) for shape, _ in target["known"] or ()]
    if known == [one.shape[1:] for one in given]:
        return list(given)
    return [drawing.channels(one, source["images"], target["images"]) for one in given]


def drawn(found: Sequence[Structure], given: Sequence[Sequence[Given]], numbers: np.random.RandomState) -> list[Array]:
    """Neutral inputs, the same for all. Raises UsageError where the models take inputs of different shapes."""
    shapes = [
        [structure.neutral(np.broadcast_to(np.zeros(()), one.shape)).shape for one in each]
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
