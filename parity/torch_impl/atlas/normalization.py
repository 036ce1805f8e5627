"""Owns PyTorch's answers to the atlas about normalization.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.execution.protocol import Array
from parity.torch_impl.atlas.asking import Answer, Inputs, call, dtype, lazily, t


def _batch_norm(inputs: Inputs, **arguments: Any) -> nn.BatchNorm1d:
    layer = nn.BatchNorm1d(inputs["x"].shape[1], momentum=0.25, **arguments)
    layer(t(inputs["x"]))
    return layer


def _frozen(inputs: Inputs) -> Array:
    layer = nn.BatchNorm1d(inputs["x"].shape[1], eps=2.0**-10).requires_grad_(False)
    return np.asarray(layer(t(inputs["x"])))


def _epsilon(function: Callable[[Tensor], Tensor], variance: float) -> Answer:
    """Epsilon, computed from the output of a normalization for an x of known variance (or mean square)."""
    return lambda inputs: (float(t(inputs["x"]).ravel()[0]) / float(function(t(inputs["x"])).ravel()[0])) ** 2 - variance


def _running_while_frozen(inputs: Inputs) -> Array:
    layer = nn.BatchNorm1d(inputs["x"].shape[1], momentum=0.25).requires_grad_(False)
    layer(t(inputs["x"]))
    return np.asarray(layer.running_mean)


ANSWERS: Mapping[str, Answer] = {
    "batch_norm.momentum_means": lambda inputs: _batch_norm(inputs).running_mean,
    "batch_norm.running_variance": lambda inputs: _batch_norm(inputs).running_var,
    "batch_norm.axis": lambda inputs: lazily(nn.LazyBatchNorm2d(), inputs).weight.numel(),
    "batch_norm.frozen": _frozen,
    "normalize.tiny": call(lambda x: F.normalize(x[None])[0]),
    "local_response_norm.alpha_means": call(lambda x: nn.LocalResponseNorm(3, alpha=3.0, beta=1.0, k=1.0)(x)[0, 1, 0, 0]),
    "batch_norm.function_scale": call(
        lambda x: F.batch_norm(x, torch.zeros(1), torch.ones(1), torch.full((1,), 3.0), eps=2.0**-10)[0]
    ),
    "batch_norm.function_epsilon": _epsilon(lambda x: F.batch_norm(x, torch.zeros(1), torch.zeros(1)), 0.0),
    "rms_norm.epsilon_in_effect": _epsilon(nn.RMSNorm(2), 1e-12),
    "layer_norm.variance": call(lambda x: nn.LayerNorm(3, eps=0.25)(x)[0]),
    "normalize.axis": call(lambda x: F.normalize(x)[0, 0, 0]),
    "group_norm.gains": lambda inputs: nn.GroupNorm(2, inputs["x"].shape[1]).weight.numel(),
    "batch_norm.frozen_moves": _running_while_frozen,
    "batch_norm.half_statistics": dtype(lambda _: nn.BatchNorm2d(3).half().running_var),
    "batch_norm.saved": lambda _: len(nn.BatchNorm2d(3).state_dict()),
    "layer_norm.two_axes": lambda inputs: nn.LayerNorm(inputs["x"].shape[-2:]).weight.shape,
}
