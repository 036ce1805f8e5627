"""Owns the losses and other scalars at the end of a graph, in keras.ops.

It refuses parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
from keras import ops

from parity.keras_impl.wiring import Site, Tensor


def softmax_cross_entropy(site: Site) -> Tensor:
    axis, classes, smoothing = site.lies().axis(site["axis"]), site.shape()[site["axis"]], site["smoothing"]
    by_sequence = site["mean"] == "sequences"

    def loss(x: Tensor, labels: Tensor, *lengths: Tensor) -> Tensor:
        x = x if axis == len(x.shape) - 1 else ops.moveaxis(x, axis, -1)
        if smoothing:
            target = ops.one_hot(labels, classes, dtype=x.dtype) * (1 - smoothing) + smoothing / classes
            each = ops.categorical_crossentropy(target, x, from_logits=True)
        else:
            each = ops.sparse_categorical_crossentropy(labels, x, from_logits=True)
        if not lengths:
            return ops.mean(each)
        valid = ops.cast(before(lengths[0], each.shape[1]), x.dtype)
        if by_sequence:
            return ops.mean(ops.sum(each * valid, axis=1) / ops.sum(valid, axis=1))
        return ops.sum(each * valid) / ops.sum(valid)

    lengths = [site.tensor("lengths")] if site.has("lengths") else []
    return site.function(loss, site.tensor(), site.plain("labels"), *lengths)


def before(lengths: Tensor, time: int) -> Tensor:
    """(batch, time), true where a step lies before its example's length."""
    return ops.arange(time, dtype=lengths.dtype) < ops.expand_dims(lengths, -1)


REDUCTIONS = {"mean": ops.mean, "sum": ops.sum}


def binary_cross_entropy(site: Site) -> Tensor:
    label, reduced = site["label"], REDUCTIONS[site["reduction"]]

    def loss(x: Tensor) -> Tensor:
        return reduced(ops.binary_crossentropy(ops.ones_like(x) * label, x, from_logits=True))

    return site.function(loss, site.tensor())


def _paired(site: Site, each: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The mean or sum of a loss per element of x and its target."""
    reduced = REDUCTIONS[site["reduction"]]
    return site.function(lambda x, target: reduced(each(x, target)), site.tensor(), site.tensor("target"))


def _alone(native: Callable[..., Tensor], x: Tensor, target: Tensor, *more: float) -> Tensor:
    """A native loss per element. keras.losses take the mean over the last axis, so each number gets an axis of length 1."""
    return native(ops.expand_dims(target, -1), ops.expand_dims(x, -1), *more)


def squared_error(site: Site) -> Tensor:
    return _paired(site, lambda x, target: ops.square(x - target))


def absolute_error(site: Site) -> Tensor:
    return _paired(site, lambda x, target: ops.abs(x - target))


def huber(site: Site) -> Tensor:
    return _paired(site, lambda x, target: _alone(keras.losses.huber, x, target, site["delta"]))


def hinge(site: Site) -> Tensor:
    """Keras has the margin 1 only, and reads targets that are all 0 or 1 as 0/1 labels; a perceptron's margin is 0."""
    margin = site.attributes.get("margin", 0.0)
    return _paired(site, lambda x, target: ops.relu(margin - target * x))


def sigmoid_cross_entropy(site: Site) -> Tensor:
    return _paired(site, lambda x, target: ops.binary_crossentropy(target, x, from_logits=True))


def kl_divergence(site: Site) -> Tensor:
    """Composed of keras.ops: keras.losses.kl_divergence takes probabilities and clips them at 1e-7."""
    axis = site.lies().axis(site["axis"])

    def each(x: Tensor, target: Tensor) -> Tensor:
        logs = ops.log(ops.where(target > 0, target, ops.ones_like(target)))
        return ops.sum(target * (logs - x), axis=axis)

    return _paired(site, each)


def mean(site: Site) -> Tensor:
    return site.function(partial(ops.mean), site.tensor())


def weighted_mean(site: Site) -> Tensor:
    """The mean of keras.losses' reduction mean_with_sample_weight; sum_over_batch_size divides by the number of elements."""
    return site.function(lambda x, weights: ops.sum(x * weights) / ops.sum(weights), site.tensor(), site.tensor("weights"))


def weighted_sum(site: Site) -> Tensor:
    return site.function(lambda x, weights: ops.sum(x * weights), site.tensor(), site.tensor("weights"))
