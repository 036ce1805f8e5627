"""Owns what the atlas advises for PyTorch about activations, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, call

REMEDIES: Mapping[str, Answer] = {
    "hard_sigmoid.form@mxnet": call(lambda x: torch.clip(0.2 * x + 0.5, 0, 1)),
    "softmax.implicit_axis@keras": call(lambda x: torch.softmax(x, dim=-1)[0, 0, 0]),
    "log_softmax.huge@mxnet": call(lambda x: torch.log_softmax(x, dim=-1)),
    "relu.minus_zero@alike": call(lambda x: 1 / (F.relu(x) + 0.0)),
    "elu.function_alpha@mxnet": call(lambda x: -F.elu(x, alpha=0.25)),
    "rrelu.evaluation@mxnet": call(lambda x: -F.rrelu(x, lower=0.125, upper=0.334)),
    "prelu.count@alike": lambda _: nn.PReLU(5).weight.numel(),
}
