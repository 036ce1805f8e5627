"""Owns the losses and other scalars at the end of a graph, in keras.ops.

It refuses parameters.
"""

from __future__ import annotations

from functools import partial

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
    """(batch, time) booleans: which steps lie before an example's length."""
    return ops.arange(time, dtype=lengths.dtype) < ops.expand_dims(lengths, -1)


def binary_cross_entropy(site: Site) -> Tensor:
    label = site["label"]

    def loss(x: Tensor) -> Tensor:
        return ops.mean(ops.binary_crossentropy(ops.ones_like(x) * label, x, from_logits=True))

    return site.function(loss, site.tensor())


def squared_error(site: Site) -> Tensor:
    return site.function(lambda x, target: ops.mean(ops.square(x - target)), site.tensor(), site.tensor("target"))


def absolute_error(site: Site) -> Tensor:
    return site.function(lambda x, target: ops.mean(ops.abs(x - target)), site.tensor(), site.tensor("target"))


def mean(site: Site) -> Tensor:
    return site.function(partial(ops.mean), site.tensor())


def weighted_sum(site: Site) -> Tensor:
    return site.function(lambda x, weights: ops.sum(x * weights), site.tensor(), site.tensor("weights"))
