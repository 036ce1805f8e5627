"""Owns what the atlas advises for PyTorch about losses: what they take, and what they give at the edges, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, Inputs, call, t


def within(inputs: Inputs) -> bool:
    labels = t(inputs["labels"])
    return bool(labels.min() >= 0 and labels.max() < 3)


def _counted(inputs: Inputs) -> Tensor:
    x, labels = t(inputs["x"]), t(inputs["labels"])
    total = nn.CrossEntropyLoss(ignore_index=1, reduction="sum")(x, labels)
    return total / max(1, int((labels != 1).sum()))


def _last_axis(inputs: Inputs) -> Tensor:
    x = t(inputs["x"])
    return nn.CrossEntropyLoss()(x.movedim(-1, 1), torch.zeros(x.shape[:-1], dtype=torch.int64))


def _connected(inputs: Inputs, **arguments: object) -> Tensor:
    scores, labels = torch.log_softmax(t(inputs["x"]), -1).transpose(0, 1), t(inputs["labels"])
    return nn.CTCLoss(**arguments)(scores, labels, torch.tensor([len(scores)]), torch.tensor([labels.shape[1]]))


def _summed(inputs: Inputs) -> Tensor:
    return _connected(inputs, reduction="sum") / len(inputs["x"])


REMEDIES: Mapping[str, Answer] = {
    "cross_entropy.axis@keras": _last_axis,
    "cross_entropy.all_ignored@keras": _counted,
    "cross_entropy.label_beyond@alike": within,
    "cross_entropy.negative_label@alike": within,
    "cross_entropy.unnormalized@keras": call(
        lambda x, labels: F.nll_loss(torch.log(x / x.sum(-1, keepdim=True)), labels), "x", "labels"
    ),
    "cross_entropy.at_zero@alike": lambda inputs: nn.CrossEntropyLoss()(torch.tensor([[-30.0, 0.0, 0.0]]), t(inputs["labels"])),
    "kl_divergence.takes@keras": call(lambda p, q: nn.KLDivLoss(reduction="batchmean")(q.log(), p), "p", "q"),
    "ctc.blank@mxnet": lambda inputs: _connected(inputs, blank=2),
    "ctc.reduction@keras": _summed,
    "poisson.takes@keras": call(nn.PoissonNLLLoss(log_input=False, eps=0.0), "x", "y"),
    "huber.delta_form@mxnet": call(lambda x: nn.SmoothL1Loss(beta=2.0)(x, 0 * x)),
    "triplet.distance@mxnet": call(
        nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: ((a - b) ** 2).sum(1)), "x", "y", "z"
    ),
    "kl_divergence.at_zero@alike": lambda inputs: nn.KLDivLoss(reduction="batchmean")(
        torch.log_softmax(torch.tensor([[-10.0, 0.0]]), -1), t(inputs["p"])
    ),
    "cross_entropy.float_label@keras": call(lambda x, labels: nn.CrossEntropyLoss()(x, labels.long()), "x", "y"),
    "cross_entropy.one_hot@torch": call(lambda x: nn.CrossEntropyLoss()(x, torch.tensor([[1.0, 0.0, 0.0]]))),
    "ctc.impossible@mxnet": lambda inputs: _connected(inputs, zero_infinity=True),
    "poisson.at_zero@alike": call(lambda y: nn.PoissonNLLLoss(log_input=True)(torch.full_like(y, -10.0), y), "y"),
    "binary_cross_entropy.beyond@alike": call(nn.BCEWithLogitsLoss(), "x", "y"),
}
