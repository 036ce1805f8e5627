"""Owns the losses: each ends in one number, an array of shape (1,).

It refuses to know which of them a case trains.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.mxnet_impl.wiring import Layer, Tensor, Use, before


def softmax_cross_entropy(use: Use) -> Tensor:
    """What gluon.loss.SoftmaxCrossEntropyLoss computes, with smoothing, and with the mean over the valid positions.

    A temperature of 1 changes no number but the kernel: oneDNN's log_softmax, which takes none, is off by 60 u in float32.
    """
    F, axis = use.F, use.site.axis()
    logs = F.log_softmax(use.x, axis=axis, temperature=1.0)
    losses = -F.pick(logs, use.inputs["labels"], axis=axis)
    smoothing = use["smoothing"]
    if smoothing:
        losses = losses * (1 - smoothing) - F.mean(logs, axis=axis) * smoothing
    lengths = use.inputs.get("lengths")
    if lengths is None:
        return F.mean(losses)
    valid = before(use, lengths, use.site.shapes["labels"][0])
    if use["mean"] == "all":
        return F.broadcast_div(F.sum(losses * valid), F.sum(valid))
    return F.mean(F.sum(losses * valid, axis=1) / F.sum(valid, axis=1))


def binary_cross_entropy(use: Use) -> Tensor:
    """What gluon.loss.SigmoidBCELoss computes: max(x, 0) - x·label + log(1 + exp(-|x|))."""
    F, x = use.F, use.x
    return F.mean(F.relu(x) - x * use["label"] + F.Activation(-F.abs(x), act_type="softrelu"))


def squared_error(use: Use) -> Tensor:
    return use.F.mean(use.F.square(use.F.broadcast_sub(use.x, use.inputs["target"])))


def absolute_error(use: Use) -> Tensor:
    return use.F.mean(use.F.abs(use.F.broadcast_sub(use.x, use.inputs["target"])))


def mean(use: Use) -> Tensor:
    return use.F.mean(use.x)


def weighted_sum(use: Use) -> Tensor:
    return use.F.sum(use.F.broadcast_mul(use.x, use.inputs["weights"]))


LAYERS: Mapping[str, Layer] = {
    "absolute_error": Layer(absolute_error),
    "binary_cross_entropy": Layer(binary_cross_entropy),
    "mean": Layer(mean),
    "softmax_cross_entropy": Layer(softmax_cross_entropy),
    "squared_error": Layer(squared_error),
    "weighted_sum": Layer(weighted_sum),
}
