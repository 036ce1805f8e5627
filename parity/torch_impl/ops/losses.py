"""Owns the losses and other scalars at the end of a graph, in torch.nn.functional.

It refuses parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from parity.torch_impl.ops.attention import padding
from parity.torch_impl.wiring import Layer, Site

IGNORED = -100
"""The label that torch leaves out."""


def softmax_cross_entropy(site: Site) -> Layer:
    """torch's own, but for its smoothing, wherever it says the same: one position, the mean over all examples."""
    smoothing = {"smoothing": site["smoothing"]}
    if "lengths" not in site.node.inputs:
        if len(site.x) == 1:
            return Layer(cross_entropy, ("x", "labels"), smoothing)
        return Layer(mean_of_all, ("x", "labels"), {"axis": site.axis(), **smoothing})
    native = mean_of_sequences if site["mean"] == "sequences" else mean_of_valid
    return Layer(native, ("x", "labels", "lengths"), {"axis": site.axis(), **smoothing})


def cross_entropy(x: Tensor, labels: Tensor, smoothing: float, each: bool = False) -> Tensor:
    """Of (positions, classes): torch's own, but for the smoothing, s·(x[label] - mean(x)), which is written with logits. As
    `label_smoothing` it would reach them through log_softmax, whose backward pass adds up as many equal gradients as there are
    classes. each: a loss for every position, not their mean."""
    losses = functional.cross_entropy(x, labels, reduction="none" if each else "mean")
    if not smoothing:
        return losses
    counted, x = labels != IGNORED, x - x.detach().amax(1, keepdim=True)
    labelled = x.gather(1, labels.where(counted, 0)[:, None])[:, 0]
    smoothed = (labelled - x.mean(1)).where(counted, 0)
    return losses + smoothing * (smoothed if each else smoothed.sum() / counted.sum())


def rows(x: Tensor, axis: int) -> Tensor:
    """(positions, classes). Where classes lie on another axis than the last, the backward pass of torch's log_softmax adds up
    their gradients one by one; along the last, in the lanes of a vector unit."""
    return x.movedim(axis, -1).flatten(0, -2)


def mean_of_all(x: Tensor, labels: Tensor, axis: int, smoothing: float) -> Tensor:
    return cross_entropy(rows(x, axis), labels.flatten(), smoothing)


def mean_of_valid(x: Tensor, labels: Tensor, lengths: Tensor, axis: int, smoothing: float) -> Tensor:
    """torch leaves positions with the label -100 out of its mean."""
    labels = labels.masked_fill(padding(lengths, labels.shape[1]), IGNORED)
    return cross_entropy(rows(x, axis), labels.flatten(), smoothing)


def mean_of_sequences(x: Tensor, labels: Tensor, lengths: Tensor, axis: int, smoothing: float) -> Tensor:
    labels = labels.masked_fill(padding(lengths, labels.shape[1]), IGNORED)
    losses = cross_entropy(rows(x, axis), labels.flatten(), smoothing, each=True)
    return (losses.unflatten(0, labels.shape).sum(1) / lengths).mean()


def binary_cross_entropy(site: Site) -> Layer:
    return Layer(same_for_all, keywords={"label": float(site["label"]), "reduction": site["reduction"]})


def same_for_all(x: Tensor, label: float, reduction: str) -> Tensor:
    return functional.binary_cross_entropy_with_logits(x, torch.full_like(x, label), reduction=reduction)


def paired(function: Callable[..., Tensor], *attributes: str) -> Callable[[Site], Layer]:
    """A loss of x and a target of its shape, with those attributes that torch calls as the spec does."""
    return lambda site: Layer(function, ("x", "target"), {name: site[name] for name in (*attributes, "reduction")})


def squared_error(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    return functional.mse_loss(*torch.broadcast_tensors(x, target), reduction=reduction)


def absolute_error(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    return functional.l1_loss(*torch.broadcast_tensors(x, target), reduction=reduction)


def huber(x: Tensor, target: Tensor, delta: float, reduction: str) -> Tensor:
    return functional.huber_loss(*torch.broadcast_tensors(x, target), delta=delta, reduction=reduction)


def sigmoid_cross_entropy(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    return functional.binary_cross_entropy_with_logits(*torch.broadcast_tensors(x, target), reduction=reduction)


def hinge(site: Site) -> Layer:
    """The margin ranking loss of x against 0; a perceptron's has no margin."""
    keywords = {"margin": site.node.attributes.get("margin", 0.0), "reduction": site["reduction"]}
    return Layer(ranked, ("x", "target"), keywords)


def ranked(x: Tensor, target: Tensor, **keywords: Any) -> Tensor:
    x, target = torch.broadcast_tensors(x, target)
    return functional.margin_ranking_loss(x, torch.zeros_like(x), target, **keywords)


def kl_divergence(site: Site) -> Layer:
    """torch's mean divides by every number, not by the distributions: their sum is divided here."""
    size = 1 if site["reduction"] == "sum" else math.prod(site.x) // site.x[site["axis"]]
    return Layer(divergence, ("x", "target"), {"size": size, "mean": site["reduction"] == "mean"})


def divergence(x: Tensor, target: Tensor, size: int, mean: bool) -> Tensor:
    x, target = torch.broadcast_tensors(x, target)
    total = functional.kl_div(x, target, reduction="sum")
    return total / (size * len(x)) if mean else total


def weighted_mean(x: Tensor, weights: Tensor) -> Tensor:
    return (x * weights).sum() / weights.sum()


def weighted_sum(x: Tensor, weights: Tensor) -> Tensor:
    return (x * weights).sum()
