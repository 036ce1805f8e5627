"""Owns PyTorch's answers to the atlas about optimizers.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from parity.execution.protocol import Array
from parity.torch_impl.atlas.asking import Answer, Inputs, optimized, t


def _clipped(inputs: Inputs) -> Array:
    w = torch.zeros(2, requires_grad=True)
    w.grad = t(inputs["x"])
    nn.utils.clip_grad_norm_([w], float(inputs["threshold"]))
    return np.asarray(w.grad)


ANSWERS: Mapping[str, Answer] = {
    "sgd.velocity": optimized(lambda w: torch.optim.SGD(w, momentum=0.5)),
    "sgd.nesterov_form": optimized(lambda w: torch.optim.SGD(w, momentum=0.5, nesterov=True)),
    "sgd.decay": optimized(lambda w: torch.optim.SGD(w, momentum=0.5, weight_decay=0.25)),
    "adam.decay": optimized(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=2.0**-10, weight_decay=0.25)),
    "adam.epsilon_form": optimized(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=0.25)),
    "rmsprop.epsilon_form": optimized(lambda w: torch.optim.RMSprop(w, alpha=0.75, eps=0.25)),
    "adagrad.epsilon_form": optimized(lambda w: torch.optim.Adagrad(w, eps=0.25)),
    "adadelta.rate": optimized(lambda w: torch.optim.Adadelta(w, rho=0.75, eps=0.25)),
    "adamax.form": optimized(lambda w: torch.optim.Adamax(w, betas=(0.5, 0.75), eps=0.25)),
    "clip_norm.guard": _clipped,
}
