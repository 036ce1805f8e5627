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
"""The label that torch ignores."""


def softmax_cross_entropy(site: Site) -> Layer:
    """torch's own loss, except for smoothing, where it means the same: one position, the mean over all examples."""
    smoothing = {"smoothing": site["smoothing"]}
    if "lengths" not in site.node.inputs:
        if len(site.x) == 1:
            return Layer(cross_entropy, ("x", "labels"), smoothing)
        return Layer(mean_of_all, ("x", "labels"), {"axis": site.axis(), **smoothing})
    native = mean_of_sequences if site["mean"] == "sequences" else mean_of_valid
    return Layer(native, ("x", "labels", "lengths"), {"axis": site.axis(), **smoothing})


def cross_entropy(x: Tensor, labels: Tensor, smoothing: float, each: bool = False) -> Tensor:
    """The loss of x (positions, classes): torch's own, but smoothing adds s·(x[label] - mean(x)), computed from logits. With
    torch's `label_smoothing` the gradient would pass through log_softmax, whose backward pass adds up as many equal gradients
    as there are classes. each: gives a loss per position instead of their mean."""
    losses = functional.cross_entropy(x, labels, reduction="none" if each else "mean")
    if not smoothing:
        return losses
    counted, x = labels != IGNORED, x - x.detach().amax(1, keepdim=True)
    labelled = x.gather(1, labels.where(counted, 0)[:, None])[:, 0]
    smoothed = (labelled - x.mean(1)).where(counted, 0)
    return losses + smoothing * (smoothed if each else smoothed.sum() / counted.sum())


def rows(x: Tensor, axis: int) -> Tensor:
    """x as (positions, classes). Along the last axis, torch's log_softmax adds up gradients in the lanes of a vector unit;
    along any other axis its backward pass adds them up one by one."""
    return x.movedim(axis, -1).flatten(0, -2)


def mean_of_all(x: Tensor, labels: Tensor, axis: int, smoothing: float) -> Tensor:
    return cross_entropy(rows(x, axis), labels.flatten(), smoothing)


def mean_of_valid(x: Tensor, labels: Tensor, lengths: Tensor, axis: int, smoothing: float) -> Tensor:
    """The mean over positions before each length: the others get the label -100, which torch leaves out of its mean."""
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
    """A loss of x and a target of the same shape. attributes: those that have the same name in torch and in the spec."""
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
    """torch's margin ranking loss of x against 0; a perceptron's margin is 0."""
    keywords = {"margin": site.node.attributes.get("margin", 0.0), "reduction": site["reduction"]}
    return Layer(ranked, ("x", "target"), keywords)


def ranked(x: Tensor, target: Tensor, **keywords: Any) -> Tensor:
    x, target = torch.broadcast_tensors(x, target)
    return functional.margin_ranking_loss(x, torch.zeros_like(x), target, **keywords)


def kl_divergence(site: Site) -> Layer:
    """torch's mean divides by the number of elements, the spec's by the number of distributions: here the sum is divided."""
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
