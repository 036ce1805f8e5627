"""Owns what the atlas advises for PyTorch about steps of optimizers, one after the other, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from parity.torch_impl.atlas.asking import Answer, Inputs, t
from parity.torch_impl.atlas.remedies.building import rescaled, shrunk, stepped


def _finite(inputs: Inputs) -> Tensor:
    w = torch.zeros(2, requires_grad=True)
    w.grad = t(inputs["x"])
    norm = nn.utils.clip_grad_norm_([w], 1.0)
    if norm.isfinite():
        torch.optim.SGD([w], lr=1.0).step()
    return w


def _undecayed(_: Inputs) -> Tensor:
    layer = nn.Linear(1, 1)
    layer.bias.data.fill_(1.0)
    groups = [{"params": [layer.weight]}, {"params": [layer.bias], "weight_decay": 0}]
    optimizer = torch.optim.SGD(groups, lr=1.0, weight_decay=0.25)
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    return layer.bias


def _precise(_: Inputs) -> float:
    w = torch.ones(1, dtype=torch.float64, requires_grad=True)
    w.grad = torch.ones_like(w)
    torch.optim.SGD([w], lr=2**-10).step()
    return float(w)


REMEDIES: Mapping[str, Answer] = {
    "rmsprop.momentum_form@keras": stepped(lambda w: torch.optim.RMSprop(w, alpha=0.75, eps=2.0**-40, momentum=0.5), rescaled),
    "rmsprop.momentum_form@torch": stepped(lambda w: torch.optim.RMSprop(w, alpha=0.75, eps=2.0**-40, momentum=0.5)),
    "rmsprop.momentum_form@mxnet": stepped(lambda w: torch.optim.RMSprop(w, alpha=0.75, eps=2.0**-40, momentum=0.0)),
    "adagrad.decay@keras": stepped(torch.optim.Adagrad, shrunk),
    "sgd.float64@alike": _precise,
    "nadam.schedule@keras": stepped(lambda w: torch.optim.NAdam(w, betas=(0.5, 0.75), eps=2.0**-10, momentum_decay=1.0)),
    "decay.bias_by_name@mxnet": _undecayed,
    "clip_norm.infinite@alike": _finite,
}
