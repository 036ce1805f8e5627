"""Owns the losses and other scalars at the end of a graph, by mindspore.ops.

It refuses parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mindspore
from mindspore import ops

from parity.mindspore_impl.ops.attention import padding
from parity.mindspore_impl.wiring import Function, Layer, Site, Tensor

IGNORED = -100
"""The label that MindSpore's cross entropy ignores."""


def softmax_cross_entropy(site: Site) -> Layer:
    """ops.cross_entropy, except for smoothing: its label_smoothing is a Python number, which is rounded to float32."""
    smoothing = {"smoothing": site.number(site["smoothing"]) if site["smoothing"] else None}
    keywords = {"axis": site.axis() % (len(site.x) + 1), "classes": site.x[int(site["axis"]) % len(site.x)], **smoothing}
    if "lengths" not in site.node.inputs:
        return Layer(Function(mean_of_all, **keywords), ("x", "labels"))
    native = mean_of_sequences if site["mean"] == "sequences" else mean_of_valid
    return Layer(Function(native, dtype=site.dtype, **keywords), ("x", "labels", "lengths"))


def each_loss(x: Tensor, labels: Tensor, axis: int, classes: int, smoothing: Tensor | None) -> Tensor:
    """The loss of every position: x (batch, …, classes, …) -> the shape of labels; 0 where the label is ignored."""
    rows = ops.reshape(ops.movedim(x, axis, -1), (-1, classes))
    labels = ops.reshape(labels, (-1,))
    losses = ops.cross_entropy(rows, labels, ignore_index=IGNORED, reduction="none")
    if smoothing is not None:
        labelled = ops.squeeze(ops.gather_elements(rows, 1, ops.expand_dims(ops.maximum(labels, 0), 1)), 1)
        smoothed = labelled - ops.mean(rows, -1)
        losses = losses + smoothing * ops.where(labels >= 0, smoothed, ops.zeros_like(smoothed))
    return losses


def mean_of_all(x: Tensor, labels: Tensor, axis: int, classes: int, smoothing: Tensor | None) -> Tensor:
    if smoothing is None:
        rows = ops.reshape(ops.movedim(x, axis, -1), (-1, classes))
        return ops.cross_entropy(rows, ops.reshape(labels, (-1,)))
    return ops.mean(each_loss(x, labels, axis, classes, smoothing))


def mean_of_valid(
    x: Tensor, labels: Tensor, lengths: Tensor, axis: int, classes: int, smoothing: Tensor | None, dtype: Any
) -> Tensor:
    """The mean over positions before each length."""
    hidden = padding(lengths, labels.shape[1])
    losses = each_loss(x, ops.where(hidden, IGNORED, labels).astype(mindspore.int32), axis, classes, smoothing)
    return ops.sum(losses) / ops.sum(lengths).astype(dtype)


def mean_of_sequences(
    x: Tensor, labels: Tensor, lengths: Tensor, axis: int, classes: int, smoothing: Tensor | None, dtype: Any
) -> Tensor:
    hidden = padding(lengths, labels.shape[1])
    losses = each_loss(x, ops.where(hidden, IGNORED, labels).astype(mindspore.int32), axis, classes, smoothing)
    return ops.mean(ops.sum(ops.reshape(losses, labels.shape), 1) / lengths.astype(dtype))


def reduced(losses: Tensor, reduction: str) -> Tensor:
    return ops.mean(losses) if reduction == "mean" else ops.sum(losses)


def binary_cross_entropy(site: Site) -> Layer:
    return Layer(
        Function(same_for_all, label=site.number(float(site["label"])), reduction=site["reduction"], one=site.number(1.0))
    )


def same_for_all(x: Tensor, label: Tensor, reduction: str, one: Tensor) -> Tensor:
    return sigmoid_cross_entropy(x, ops.zeros_like(x) + label, reduction, one)


def paired(function: Callable[..., Tensor], *attributes: str) -> Callable[[Site], Layer]:
    """A loss of x and a target of the same shape. attributes: numbers that it takes."""

    def build(site: Site) -> Layer:
        numbers = {name: site.number(site[name]) for name in attributes}
        return Layer(Function(function, reduction=site["reduction"], **numbers), ("x", "target"))

    return build


def spread(x: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both in a common shape."""
    return x + ops.zeros_like(target), target + ops.zeros_like(x)


def squared_error(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    """Written out: ops.mse_loss has float32's accuracy in float64."""
    return reduced(ops.square(x - target), reduction)


def absolute_error(x: Tensor, target: Tensor, reduction: str) -> Tensor:
    """Written out: ops.l1_loss has float32's accuracy in float64."""
    return reduced(ops.abs(x - target), reduction)


def huber(x: Tensor, target: Tensor, reduction: str, delta: Tensor) -> Tensor:
    """Written out: ops.huber_loss takes delta as a Python number, which is rounded to float32."""
    size = ops.abs(x - target)
    inner = ops.minimum(size, delta)
    return reduced(inner * (size - inner / 2), reduction)


def sigmoid_pair(site: Site) -> Layer:
    """ops.binary_cross_entropy_with_logits in float32; it has no form in float64."""
    return Layer(Function(sigmoid_cross_entropy, reduction=site["reduction"], one=site.number(1.0)), ("x", "target"))


def sigmoid_cross_entropy(x: Tensor, target: Tensor, reduction: str, one: Tensor) -> Tensor:
    a, b = spread(x, target)
    if one.dtype == mindspore.float32:
        ones = ops.ones_like(a)
        return ops.binary_cross_entropy_with_logits(a, b, ones, ones, reduction)
    losses = ops.maximum(a, ops.zeros_like(a)) - a * b + ops.log1p(ops.exp(-ops.abs(a)))
    return reduced(losses, reduction)


def hinge(site: Site) -> Layer:
    """A perceptron's margin is 0."""
    margin = site.number(site.node.attributes.get("margin", 0.0))
    return Layer(Function(ranked, margin=margin, reduction=site["reduction"]), ("x", "target"))


def ranked(x: Tensor, target: Tensor, margin: Tensor, reduction: str) -> Tensor:
    losses = margin - x * target
    return reduced(ops.maximum(losses, ops.zeros_like(losses)), reduction)


def kl_divergence(site: Site) -> Layer:
    """The mean is over distributions."""
    size = 1 if site["reduction"] == "sum" else math.prod(site.x) // site.x[site["axis"]]
    return Layer(Function(divergence, size=size, mean=site["reduction"] == "mean"), ("x", "target"))


def divergence(x: Tensor, target: Tensor, size: int, mean: bool) -> Tensor:
    """Written out: the gradient of ops.kl_div by its target is 0. Where the target is 0, so is the term."""
    held = ops.where(target > 0, target, ops.ones_like(target))
    found = ops.sum(target * (ops.log(held) - x))
    return found / (size * x.shape[0]) if mean else found


def weighted_mean(x: Tensor, weights: Tensor) -> Tensor:
    return ops.sum(x * weights) / ops.sum(weights)


def weighted_sum(x: Tensor, weights: Tensor) -> Tensor:
    return ops.sum(x * weights)
