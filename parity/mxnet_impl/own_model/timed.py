"""Owns a step of a user's own gluon block for the clock: a pass in evaluation mode, or a pass forward, backward and SGD.

It refuses to observe, and to hybridize what the user did not hybridize.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from parity.execution.protocol import Array
from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.own_model.observation import Model
from parity.mxnet_impl.own_model.tensors import floating

LEARNING_RATE = 1e-3


def steps(model: Model, inputs: Sequence[Array], training: bool) -> tuple[Callable[[], Any], Callable[[], None]]:
    """A step, and what waits for MXNet's engine. In training the loss is the mean square of every output."""
    tensors = [model._tensor(array) for array in inputs]

    def infer() -> None:
        with mxnet.autograd.predict_mode():
            model._called(tensors)

    if not training:
        return infer, mxnet.nd.waitall
    infer()  # the first call learns the shapes of the weights
    parameters = [item for item in model.block.collect_params().values() if item.grad_req != "null"]
    trainer = mxnet.gluon.Trainer(parameters, "sgd", {"learning_rate": LEARNING_RATE}, kvstore=None)

    def train() -> None:
        with mxnet.autograd.record(train_mode=True):
            total = mxnet.nd.add_n(*[(item * item).mean() for item in floating(model._called(tensors))])
        total.backward()
        trainer.step(1)

    return train, mxnet.nd.waitall
