"""Owns the losses, each of which gives an array of shape (1,).

It refuses to know which loss a case trains.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.mxnet_impl.wiring import Layer, Tensor, Use, before


def softmax_cross_entropy(use: Use) -> Tensor:
    """Computes gluon.loss.SoftmaxCrossEntropyLoss, with smoothing, and as the mean over the valid positions.

    A temperature of 1 changes no number; it only selects another kernel: oneDNN's log_softmax, which takes no temperature, has
    an error of 60 u in float32. Smoothing is written with logits, not with the mean of the logarithms: the backward pass of
    log_softmax would add up as many equal gradients as there are classes, one by one.
    """
    F, axis, labels = use.F, use.site.axis(), use.inputs["labels"]
    losses = -F.pick(F.log_softmax(use.x, axis=axis, temperature=1.0), labels, axis=axis)
    smoothing = use["smoothing"]
    if smoothing:
        losses = losses - (F.mean(use.x, axis=axis) - F.pick(use.x, labels, axis=axis)) * smoothing
    lengths = use.inputs.get("lengths")
    if lengths is None:
        return F.mean(losses)
    valid = before(use, lengths, use.site.shapes["labels"][0])
    if use["mean"] == "all":
        return F.broadcast_div(F.sum(losses * valid), F.sum(valid))
    return F.mean(F.sum(losses * valid, axis=1) / F.sum(valid, axis=1))


def binary_cross_entropy(use: Use) -> Tensor:
    """Computes gluon.loss.SigmoidBCELoss: max(x, 0) - x·label + log(1 + exp(-|x|))."""
    return _reduced(use, _softplus(use) - use.x * use["label"])


def sigmoid_cross_entropy(use: Use) -> Tensor:
    F = use.F
    return _reduced(use, F.broadcast_sub(_softplus(use), F.broadcast_mul(use.x, use.inputs["target"])))


def _softplus(use: Use) -> Tensor:
    """log(1 + exp(x)) by log1p: oneDNN's softrelu has an error of 2e-6 where it should vanish."""
    F, x = use.F, use.x
    return F.relu(x) + F.log1p(F.exp(-F.abs(x)))


def _reduced(use: Use, each: Tensor) -> Tensor:
    return use.F.mean(each) if use["reduction"] == "mean" else use.F.sum(each)


def _error(use: Use) -> Tensor:
    return use.F.broadcast_sub(use.x, use.inputs["target"])


def squared_error(use: Use) -> Tensor:
    return _reduced(use, use.F.square(_error(use)))


def absolute_error(use: Use) -> Tensor:
    return _reduced(use, use.F.abs(_error(use)))


def huber(use: Use) -> Tensor:
    """Huber's loss; gluon.loss.HuberLoss(rho=delta) divides it by delta."""
    F, delta, size = use.F, use["delta"], use.F.abs(_error(use))
    return _reduced(use, F.where(size > delta, (size - 0.5 * delta) * delta, F.square(size) * 0.5))


def hinge(use: Use) -> Tensor:
    """Computes gluon.loss.HingeLoss; a perceptron's margin is 0."""
    F, margin = use.F, use.site.node.attributes.get("margin", 0.0)
    return _reduced(use, F.relu(margin - F.broadcast_mul(use.x, use.inputs["target"])))


def kl_divergence(use: Use) -> Tensor:
    """gluon.loss.KLDivLoss takes the mean over the classes, and adds 1e-12 to the target inside of its logarithm."""
    F, target = use.F, use.inputs["target"]
    logs = F.log(F.where(target > 0, target, F.ones_like(target)))
    terms = F.broadcast_mul(target, F.broadcast_sub(logs, use.x))
    return _reduced(use, F.sum(terms, axis=use.site.axis()))


def mean(use: Use) -> Tensor:
    return use.F.mean(use.x)


def weighted_mean(use: Use) -> Tensor:
    weights = use.inputs["weights"]
    return use.F.broadcast_div(use.F.sum(use.F.broadcast_mul(use.x, weights)), use.F.sum(weights))


def weighted_sum(use: Use) -> Tensor:
    return use.F.sum(use.F.broadcast_mul(use.x, use.inputs["weights"]))


LAYERS: Mapping[str, Layer] = {
    "absolute_error": Layer(absolute_error),
    "binary_cross_entropy": Layer(binary_cross_entropy),
    "hinge": Layer(hinge),
    "huber": Layer(huber),
    "kl_divergence": Layer(kl_divergence),
    "mean": Layer(mean),
    "perceptron_loss": Layer(hinge),
    "sigmoid_cross_entropy": Layer(sigmoid_cross_entropy),
    "softmax_cross_entropy": Layer(softmax_cross_entropy),
    "squared_error": Layer(squared_error),
    "weighted_mean": Layer(weighted_mean),
    "weighted_sum": Layer(weighted_sum),
}
