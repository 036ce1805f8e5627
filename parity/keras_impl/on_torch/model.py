"""Owns the programs of a case on PyTorch: passes forward, gradients and training steps over functional models, run eagerly.

It refuses to know an op, an arrangement or the layout of a parameter, and to compile: Keras on PyTorch trains eagerly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import torch

from parity.execution.protocol import Array
from parity.keras_impl.on_torch import curvature
from parity.keras_impl.programs import BackendPrograms, PhaseModel, ProgramPass, Tensors, listed

MODES = ("eager",)
DEFAULT_MODE = "eager"


class TorchPrograms(BackendPrograms):
    """Programs that run op by op."""

    def forward(self, model: keras.Model, training: bool) -> Callable[[Tensors], Tensors]:
        def run(inputs: Tensors) -> Tensors:
            with torch.no_grad():
                return listed(model(inputs, training=training))

        return run

    def gradients(
        self, model: keras.Model, variables: Sequence[keras.Variable], watched: Sequence[int]
    ) -> Callable[[Tensors], ProgramPass]:
        def run(inputs: Tensors) -> ProgramPass:
            given = [item.detach().requires_grad_() if place in watched else item for place, item in enumerate(inputs)]
            loss, *values = listed(model(given, training=True))
            sources = [variable.value for variable in variables]
            found = slopes(loss, [*sources, *(given[place] for place in watched)])
            return ProgramPass(values, loss, found[: len(sources)], found[len(sources) :])

        return run

    def hessian_vector_product(
        self, model: keras.Model, variables: Sequence[keras.Variable]
    ) -> Callable[[Tensors, Tensors], Tensors]:
        def run(inputs: Tensors, direction: Tensors) -> Tensors:
            with curvature.twice():
                loss = listed(model(inputs, training=True))[0]
                return curvature.product(loss, [variable.value for variable in variables], direction)

        return run

    def step(self, phases: Sequence[PhaseModel]) -> Callable[[Tensors], tuple[Any, Tensors]]:
        def run(inputs: Tensors) -> tuple[Any, Tensors]:
            loss, carried = None, []
            for phase in phases:
                loss, *rest = listed(phase.model(inputs, training=True))
                carried = [tensor.detach() for tensor in rest[: phase.carried]]
                if phase.groups:
                    found = slopes(loss, [variable.value for variable in phase.groups.variables])
                    with torch.no_grad():
                        phase.groups.apply(found)
            return loss, carried

        return run

    def tensor(self, array: Array, dtype: str) -> Any:
        made = torch.from_numpy(np.array(array, dtype))
        return made if self.kind == "cpu" else made.to("cuda")


def slopes(loss: Any, sources: Tensors) -> Tensors:
    """The gradients of a loss, dense, zero where it does not depend on a source."""
    if not sources or not loss.requires_grad:
        return [torch.zeros_like(source) for source in sources]
    return list(torch.autograd.grad(loss, sources, allow_unused=True, materialize_grads=True))


def slope_of(function: Callable[[Any], Any], x: Array) -> Any:
    given = torch.tensor(x, requires_grad=True)
    found = function(given)
    if not found.requires_grad:
        return torch.zeros_like(given)
    return torch.autograd.grad(found, given, allow_unused=True, materialize_grads=True)[0]
