"""Owns what the atlas advises for PyTorch about normalization, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, Inputs, call, dtype, t
from parity.torch_impl.atlas.remedies.building import BATCH, PIXELS, running


def _biased(inputs: Inputs) -> Tensor:
    x = t(inputs["x"])
    layer = nn.BatchNorm1d(2, momentum=0.0)
    layer(x)
    return layer.running_var.lerp_(x.var(0, correction=0), 0.75)


def _still(inputs: Inputs) -> Tensor:
    layer = nn.BatchNorm1d(2, momentum=0.25)
    layer.requires_grad_(False)
    layer.eval()
    layer(t(inputs["x"]))
    return layer.running_mean


def _frozen(inputs: Inputs) -> Tensor:
    layer = nn.BatchNorm1d(2, eps=2.0**-10)
    layer.requires_grad_(False)
    layer.eval()
    return layer(t(inputs["x"]))


def _saved(_: Inputs) -> int:
    return len([key for key in nn.BatchNorm2d(3).state_dict() if key != "num_batches_tracked"])


def _gains(_: Inputs) -> Tensor:
    layer = nn.GroupNorm(2, 4)
    layer.weight.data = torch.arange(1.0, 5.0)
    return layer(PIXELS)


def _half(_: Inputs) -> Tensor:
    model = nn.Sequential(nn.BatchNorm2d(3)).half()
    layer = model[0]
    layer.float()
    return layer.running_var


def _epsilon(x: Tensor, **arguments: float) -> float:
    return float(x.ravel()[0] / F.batch_norm(x, torch.zeros(1), torch.zeros(1), **arguments).ravel()[0]) ** 2


def _lazily(x: Tensor) -> int:
    layer = nn.LazyBatchNorm2d()
    layer(x)
    return int(layer.weight.numel())


REMEDIES: Mapping[str, Answer] = {
    "batch_norm.momentum_means@keras": lambda _: running(momentum=1 - 0.25),
    "batch_norm.running_variance@keras": _biased,
    "batch_norm.axis@keras": lambda inputs: _lazily(t(inputs["x"]).movedim(-1, 1)),
    "batch_norm.frozen@keras": _frozen,
    "batch_norm.frozen_moves@keras": _still,
    "normalize.tiny@mxnet": call(lambda x: x / (x.square().sum(-1, keepdim=True) + 1e-10).sqrt()),
    "normalize.axis@keras": call(lambda x: F.normalize(x, dim=-1)[0, 0, 0]),
    "normalize.axis@mxnet": call(lambda x: F.normalize(x.flatten(1), dim=-1)[0, 0]),
    "group_norm.gains@torch": _gains,
    "batch_norm.half_statistics@mxnet": dtype(_half),
    "batch_norm.saved@keras": _saved,
    "layer_norm.two_axes@torch": lambda _: nn.LayerNorm((4, 5), eps=1e-3)(BATCH),
    "batch_norm.function_epsilon@keras": call(lambda x: torch.tensor(_epsilon(x, eps=1e-3))),
    "rms_norm.epsilon_in_effect@keras": lambda inputs: (
        float(t(inputs["x"])[0, 0] / nn.RMSNorm(2, eps=1e-6)(t(inputs["x"]))[0, 0]) ** 2 - 1e-12
    ),
}
