"""Owns PyTorch's answers to the atlas about the formulas of losses, and what they reduce over.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, call, t

ANSWERS: Mapping[str, Answer] = {
    "squared_error.form": call(lambda x: nn.MSELoss()(x, torch.zeros_like(x))),
    "absolute_error.form": call(lambda x: nn.L1Loss()(x, torch.zeros_like(x))),
    "huber.form": call(lambda x: nn.HuberLoss()(x, torch.zeros_like(x))),
    "cross_entropy.takes": call(nn.CrossEntropyLoss(), "x", "labels"),
    "binary_cross_entropy.at_zero": call(lambda x: nn.BCELoss()(x, torch.ones_like(x))),
    "binary_cross_entropy.takes": call(lambda x: nn.BCELoss()(x, torch.ones_like(x))),
    "cross_entropy.ignored": call(nn.CrossEntropyLoss(ignore_index=1), "x", "labels"),
    "cross_entropy.weighted": lambda inputs: nn.CrossEntropyLoss(weight=t(inputs["weights"]))(
        t(inputs["x"]), t(inputs["labels"])
    ),
    "kl_divergence.form": lambda inputs: F.kl_div(t(inputs["q"]).log(), t(inputs["p"])),
    "cosine_similarity.sign": call(F.cosine_similarity, "x", "y"),
}
