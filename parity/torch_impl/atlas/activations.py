"""Owns PyTorch's answers to the atlas about activations.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, call

ANSWERS: Mapping[str, Answer] = {
    "hard_sigmoid.form": call(F.hardsigmoid),
    "gelu.form": call(F.gelu),
    "hard_swish.form": call(F.hardswish),
    "softmax.implicit_axis": call(lambda x: F.softmax(x, _stacklevel=5)[0, 0, 0]),
    "softmax.all_masked": call(lambda x: torch.softmax(x, -1)),
    "log_softmax.huge": call(lambda x: torch.log_softmax(x, -1)),
    "relu.nan": call(F.relu),
    "relu.minus_zero": call(lambda x: 1 / F.relu(x)),
    "softplus.huge": call(F.softplus),
    "prelu.count": lambda _: nn.PReLU().weight.numel(),
    "elu.function_alpha": call(lambda x: -F.elu(x)),
    "rrelu.evaluation": call(lambda x: -F.rrelu(x)),
    "log_sigmoid.huge": call(F.logsigmoid),
}
