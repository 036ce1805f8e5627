"""Owns PyTorch's answers to the atlas about steps of optimizers, one after the other.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from parity.execution.protocol import Array
from parity.torch_impl.atlas.asking import Answer, Inputs, optimized, t, weights


def _alike(inputs: Inputs) -> float:
    pair = weights(2)
    optimizer = torch.optim.NAdam(pair, lr=0.5, betas=(0.5, 0.75))
    for gradient in inputs["gradients"]:
        for w in pair:
            w.grad = torch.full((1,), float(gradient))
        optimizer.step()
    return float(pair[0] != pair[1])


def _late(_: Inputs) -> float:
    early, late = weights(2)
    optimizer = torch.optim.Adam([early, late], lr=0.5, betas=(0.5, 0.75), eps=2.0**-20)
    early.grad = torch.ones(1)
    optimizer.step()
    late.grad = torch.ones(1)
    optimizer.step()
    return float(late)


def _precise(_: Inputs) -> float:
    """The error of a float64 step of rate 0.1, in units of the error of 0.1 in float32."""
    w = torch.ones(1, dtype=torch.float64, requires_grad=True)
    w.grad = torch.ones_like(w)
    torch.optim.SGD([w], lr=0.1).step()
    return (0.9 - float(w)) / (float(np.float32(0.1)) - 0.1)


def _unused(_: Inputs) -> float:
    used, unused = weights(2)
    optimizer = torch.optim.SGD([used, unused], lr=1.0, weight_decay=0.25)
    used.sum().backward()
    optimizer.step()
    return float(unused)


def _bias(_: Inputs) -> float:
    layer = nn.Linear(1, 1)
    layer.bias.data.fill_(1.0)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0, weight_decay=0.25)
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    return float(layer.bias)


def _infinite(inputs: Inputs) -> Array:
    w = torch.zeros(2, requires_grad=True)
    w.grad = t(inputs["x"])
    nn.utils.clip_grad_norm_([w], 1.0)
    return np.asarray(w.grad)


ANSWERS: Mapping[str, Answer] = {
    "sgd.float64": _precise,
    "nadam.schedule": optimized(lambda w: torch.optim.NAdam(w, betas=(0.5, 0.75), eps=2.0**-10)),
    "nadam.weights": _alike,
    "rmsprop.momentum_form": optimized(lambda w: torch.optim.RMSprop(w, alpha=0.75, eps=2.0**-20, momentum=0.5)),
    "adagrad.decay": optimized(lambda w: torch.optim.Adagrad(w, weight_decay=0.25)),
    "adam.late_weight": _late,
    "step.unused": _unused,
    "decay.bias": _bias,
    "decay.bias_by_name": _bias,
    "clip_norm.infinite": _infinite,
}
