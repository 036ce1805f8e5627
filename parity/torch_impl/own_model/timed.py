"""Owns a step of a user's own torch module for the clock: a pass in evaluation mode, or a pass forward, backward and SGD.

It refuses to observe, and to compile what the user did not compile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from parity.execution.own_model.nesting import tensors_of
from parity.execution.protocol import Array
from parity.torch_impl.own_model.observation import Model

LEARNING_RATE = 1e-3


def steps(model: Model, inputs: Sequence[Array], training: bool) -> tuple[Callable[[], Any], Callable[[], None]]:
    """A step, and nothing to wait for on a CPU. In training the loss is the mean square of every output."""
    torch.backends.mha.set_fastpath_enabled(True)  # `prepare` turns it off, since it bypasses the modules that are observed
    tensors = [model._tensor(array) for array in inputs]
    if any(map(torch.nn.parameter.is_lazy, model.tensors.values())):
        model._called(tensors)
    model.module.train(training)

    def infer() -> None:
        with torch.no_grad():
            model._called(tensors)

    if not training:
        return infer, _nothing
    parameters = [item for item in model.module.parameters() if item.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=LEARNING_RATE)

    def train() -> None:
        optimizer.zero_grad(set_to_none=True)
        floats = [item for item in tensors_of(model._called(tensors), torch.is_tensor) if item.is_floating_point()]
        sum((item * item).mean() for item in floats).backward()
        optimizer.step()

    return train, _nothing


def _nothing() -> None:
    pass
