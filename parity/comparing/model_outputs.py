"""Owns the outputs of two models: their number, their shapes, and the weights of the loss for outputs that both models have.

It refuses to compare numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing.judged_tensors import TensorVerdict
from parity.comparing.model_structure import Structure
from parity.execution.own_model.layers import Shape

Array = npt.NDArray[Any]


def neutral(structure: Structure) -> list[Shape]:
    """The shapes of a model's outputs, channels first; () for a single number, even if its framework gives it shape (1,)."""
    outputs = []
    for number, shape in enumerate(structure.outputs):
        turned = structure.leaving(number, np.broadcast_to(np.zeros(()), shape)).shape
        outputs.append(() if turned == (1,) else tuple(turned))
    return outputs


def losses(structures: Sequence[Structure], drawn: Sequence[Array]) -> dict[str, list[Array]]:
    """label -> native weights of the loss. They are 0 for an output that another model lacks or has in another shape."""
    shapes = [neutral(structure) for structure in structures]
    gradients: dict[str, list[Array]] = {}
    for structure in structures:
        gradients[structure.label] = [
            structure.leaving(number, drawn[number].reshape(_as_neutral(structure, number)), native=True)
            if all(number < len(shape) and shape[number] == shapes[0][number] for shape in shapes)
            else np.zeros(shape)
            for number, shape in enumerate(structure.outputs)
        ]
    return gradients


def _as_neutral(structure: Structure, number: int) -> Shape:
    return tuple(structure.leaving(number, np.broadcast_to(np.zeros(()), structure.outputs[number])).shape)


def differing(ours: Structure, theirs: Structure) -> list[TensorVerdict]:
    """A finding if the models return different numbers of outputs."""
    if len(ours.outputs) == len(theirs.outputs):
        return []
    counts = " and ".join(
        f"{structure.label} returns {len(structure.outputs)} ({', '.join(map(str, structure.outputs)) or 'none'})"
        for structure in (ours, theirs)
    )
    return [TensorVerdict("forward", "outputs", "float64", "differs", reason=f"another number of outputs: {counts}")]


def alike(left: Array, right: Array) -> tuple[Array, Array]:
    """The two outputs; single numbers both get the shape ()."""
    return (
        (left.reshape(()), right.reshape(()))
        if left.size == right.size == 1 and max(left.ndim, right.ndim) < 2
        else (left, right)
    )
