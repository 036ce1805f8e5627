"""Owns what every backend's programs share: the results of a pass, a phase that is ready to train, the base of programs.

It refuses to import a backend, and to know an op, an arrangement or the layout of a parameter.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from parity.execution.protocol import Array
from parity.keras_impl.optimizers import Groups

Tensors = list[Any]


@dataclass(frozen=True)
class ProgramPass:
    """The result of one pass of a program; tensors are in the order of the names requested."""

    values: Tensors
    loss: Any
    gradients: Tensors
    input_gradients: Tensors


@dataclass(frozen=True)
class PhaseModel:
    """One phase, ready to train. The first output of its model is the loss, the others are the state for the next batch."""

    model: keras.Model
    groups: Groups | None
    carried: int


class BackendPrograms(ABC):
    """Makes programs over models, in one mode on one kind of device. A model takes one list of tensors."""

    def __init__(self, mode: str, kind: str) -> None:
        self.mode = mode
        self.kind = kind

    @abstractmethod
    def forward(self, model: keras.Model, training: bool) -> Callable[[Tensors], Tensors]:
        """A program of one pass."""

    @abstractmethod
    def gradients(
        self, model: keras.Model, variables: Sequence[keras.Variable], watched: Sequence[int]
    ) -> Callable[[Tensors], ProgramPass]:
        """One training pass of a model whose first output is the loss, as a program, with the gradients of variables and of the
        inputs at the positions `watched`. A gradient is zero where the loss does not depend on its source."""

    @abstractmethod
    def hessian_vector_product(
        self, model: keras.Model, variables: Sequence[keras.Variable]
    ) -> Callable[[Tensors, Tensors], Tensors]:
        """A program from inputs and v to H·v over variables. The model's first output is the loss. Raises Unsupported where
        the backend has no second derivative."""

    @abstractmethod
    def step(self, phases: Sequence[PhaseModel]) -> Callable[[Tensors], tuple[Any, Tensors]]:
        """One program of every phase in order, each with its update. It gives the last loss and the carried state."""

    @abstractmethod
    def tensor(self, array: Array, dtype: str) -> Any:
        """A tensor on the device that shares no memory with the array."""


def listed(outputs: Any) -> Tensors:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
