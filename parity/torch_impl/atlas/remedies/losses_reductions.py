"""Owns what the atlas advises for PyTorch about the formulas of losses, and what they reduce over, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, call, t

REMEDIES: Mapping[str, Answer] = {
    "squared_error.form@torch": call(lambda x: nn.MSELoss()(x, 0 * x)),
    "cross_entropy.takes@keras": call(lambda x, labels: nn.NLLLoss()(torch.log(x), labels), "x", "labels"),
    "binary_cross_entropy.at_zero@alike": lambda _: nn.BCEWithLogitsLoss()(torch.tensor([-20.0]), torch.ones(1)),
    "binary_cross_entropy.takes@mxnet": call(lambda x: nn.BCEWithLogitsLoss()(x, torch.ones_like(x))),
    "cross_entropy.weighted@keras": lambda inputs: (
        nn.CrossEntropyLoss(weight=t(inputs["weights"]), reduction="sum")(t(inputs["x"]), t(inputs["labels"]))
        / len(inputs["x"])
    ),
    "kl_divergence.form@keras": call(lambda p, q: nn.KLDivLoss(reduction="batchmean")(q.log(), p), "p", "q"),
    "cosine_similarity.sign@keras": call(lambda x, y: -F.cosine_similarity(x, y), "x", "y"),
}
