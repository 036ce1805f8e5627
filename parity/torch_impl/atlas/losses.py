"""Owns PyTorch's answers to the atlas about losses: what they take, and what they give at the edges.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, Inputs, call, t


def _ctc(inputs: Inputs) -> Tensor:
    scores = torch.log_softmax(t(inputs["x"]), -1).transpose(0, 1)
    labels = t(inputs["labels"])
    return nn.CTCLoss()(scores, labels, torch.tensor([len(scores)]), torch.tensor([labels.shape[1]]))


def _classes(inputs: Inputs) -> Tensor:
    x = t(inputs["x"])
    return nn.CrossEntropyLoss()(x, torch.zeros(x.shape[0], x.shape[2], dtype=torch.int64))


def _probabilities(inputs: Inputs) -> Tensor:
    return F.nll_loss(t(inputs["x"]).log(), t(inputs["labels"]))


def _impossible(inputs: Inputs) -> Tensor:
    scores = torch.log_softmax(t(inputs["x"]), -1).transpose(0, 1)
    return nn.CTCLoss()(scores, t(inputs["labels"]), torch.tensor([2]), torch.tensor([2]))


def _divergence(inputs: Inputs) -> Tensor:
    return nn.KLDivLoss(reduction="batchmean")(t(inputs["q"]).log(), t(inputs["p"]))


ANSWERS: Mapping[str, Answer] = {
    "cross_entropy.axis": _classes,
    "cross_entropy.smoothing_form": call(nn.CrossEntropyLoss(label_smoothing=0.3), "x", "labels"),
    "cross_entropy.all_ignored": call(nn.CrossEntropyLoss(ignore_index=1), "x", "labels"),
    "cross_entropy.label_beyond": call(nn.CrossEntropyLoss(), "x", "labels"),
    "cross_entropy.negative_label": call(nn.CrossEntropyLoss(), "x", "labels"),
    "cross_entropy.unnormalized": _probabilities,
    "cross_entropy.at_zero": _probabilities,
    "cross_entropy.huge": call(nn.CrossEntropyLoss(), "x", "labels"),
    "binary_cross_entropy.huge": call(nn.BCEWithLogitsLoss(), "x", "y"),
    "binary_cross_entropy.first_argument": call(nn.BCELoss(), "x", "y"),
    "binary_cross_entropy.weighted": lambda inputs: nn.BCELoss(weight=t(inputs["weights"]))(t(inputs["x"]), t(inputs["y"])),
    "kl_divergence.takes": call(nn.KLDivLoss(), "q", "p"),
    "ctc.blank": _ctc,
    "ctc.reduction": _ctc,
    "poisson.takes": call(nn.PoissonNLLLoss(), "x", "y"),
    "huber.delta_form": call(lambda x: nn.HuberLoss(delta=2.0)(x, torch.zeros_like(x))),
    "triplet.distance": call(nn.TripletMarginLoss(), "x", "y", "z"),
    "kl_divergence.at_zero": _divergence,
    "kl_divergence.zero_label": _divergence,
    "cross_entropy.float_label": call(nn.CrossEntropyLoss(), "x", "y"),
    "cross_entropy.one_hot": call(nn.CrossEntropyLoss(), "x", "y"),
    "ctc.impossible": _impossible,
    "poisson.at_zero": call(nn.PoissonNLLLoss(log_input=False), "x", "y"),
    "binary_cross_entropy.beyond": call(F.binary_cross_entropy, "x", "y"),
}
