"""Owns the losses and other scalars at the end of a graph, in torch.nn.functional.

It refuses parameters.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from parity.torch_impl.attention import padding
from parity.torch_impl.wiring import Layer, Site


def softmax_cross_entropy(site: Site) -> Layer:
    """torch's own wherever it says the same: classes on the axis behind the batch, the mean over all positions."""
    smoothing = {"label_smoothing": site["smoothing"]}
    if "lengths" not in site.node.inputs:
        if site.axis() % (len(site.x) + 1) == 1:
            return Layer(functional.cross_entropy, ("x", "labels"), smoothing)
        return Layer(mean_of_all, ("x", "labels"), {"axis": site.axis(), **smoothing})
    native = mean_of_sequences if site["mean"] == "sequences" else mean_of_valid
    return Layer(native, ("x", "labels", "lengths"), {"axis": site.axis(), **smoothing})


def mean_of_all(x: Tensor, labels: Tensor, axis: int, **smoothing: float) -> Tensor:
    return functional.cross_entropy(x.movedim(axis, 1), labels, **smoothing)


def mean_of_valid(x: Tensor, labels: Tensor, lengths: Tensor, axis: int, **smoothing: float) -> Tensor:
    """torch leaves positions with the label -100 out of its mean."""
    labels = labels.masked_fill(padding(lengths, labels.shape[1]), -100)
    return functional.cross_entropy(x.movedim(axis, 1), labels, **smoothing)


def mean_of_sequences(x: Tensor, labels: Tensor, lengths: Tensor, axis: int, **smoothing: float) -> Tensor:
    labels = labels.masked_fill(padding(lengths, labels.shape[1]), -100)
    losses = functional.cross_entropy(x.movedim(axis, 1), labels, reduction="none", **smoothing)
    return (losses.sum(1) / lengths).mean()


def binary_cross_entropy(x: Tensor, label: float) -> Tensor:
    return functional.binary_cross_entropy_with_logits(x, torch.full_like(x, label))


def squared_error(x: Tensor, target: Tensor) -> Tensor:
    return functional.mse_loss(*torch.broadcast_tensors(x, target))


def absolute_error(x: Tensor, target: Tensor) -> Tensor:
    return functional.l1_loss(*torch.broadcast_tensors(x, target))


def weighted_sum(x: Tensor, weights: Tensor) -> Tensor:
    return (x * weights).sum()
