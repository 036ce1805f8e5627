"""Owns what the atlas advises for MXNet about losses: what they take, and what they give at the edges, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, t
from parity.mxnet_impl.atlas.remedies.building import mean, n
from parity.mxnet_impl.device import mxnet

losses, nd = mxnet.gluon.loss, mxnet.nd


def within(inputs: Inputs) -> bool:
    labels = t(inputs["labels"])
    return bool(labels.min().asscalar() >= 0 and labels.max().asscalar() < 3)


def _first_axis(inputs: Inputs) -> Array:
    x = t(inputs["x"])
    return n(losses.SoftmaxCrossEntropyLoss(axis=1)(x, nd.zeros((2, 4))).mean())


def _normalized(inputs: Inputs) -> Array:
    x = t(inputs["x"])
    p = x / x.sum(-1, keepdims=True)
    return n(losses.SoftmaxCrossEntropyLoss(from_logits=True)(nd.log(p), t(inputs["labels"])))


def _at_zero(inputs: Inputs) -> Array:
    return n(losses.SoftmaxCrossEntropyLoss()(nd.array([[-30.0, 0.0, 0.0]]), t(inputs["labels"])))


def _rolled(inputs: Inputs) -> Array:
    """Class 0 as the blank, as in the other frameworks: its column moves to the end, and labels go down by 1."""
    x = t(inputs["x"])
    return n(losses.CTCLoss()(nd.concat(x[:, :, 1:], x[:, :, :1], dim=2), t(inputs["labels"]) - 1))


REMEDIES: Mapping[str, Answer] = {
    "cross_entropy.axis@torch": _first_axis,
    "cross_entropy.label_beyond@alike": within,
    "cross_entropy.negative_label@alike": within,
    "cross_entropy.unnormalized@keras": _normalized,
    "cross_entropy.at_zero@alike": _at_zero,
    "binary_cross_entropy.weighted@torch": mean(losses.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True), "x", "y", "weights"),
    "kl_divergence.takes@keras": mean(lambda p, q: losses.KLDivLoss()(q.log(), p), "p", "q"),
    "ctc.blank@torch": _rolled,
    "poisson.takes@keras": call(losses.PoissonNLLLoss(from_logits=False), "x", "y"),
    "huber.delta_form@torch": call(lambda x: 2.0 * losses.HuberLoss(rho=2.0)(x, 0 * x)),
    "kl_divergence.at_zero@alike": lambda inputs: n(
        losses.KLDivLoss()(nd.log_softmax(nd.array([[-10.0, 0.0]])), t(inputs["p"])).mean()
    ),
    "cross_entropy.one_hot@torch": call(
        lambda x: losses.SoftmaxCrossEntropyLoss(sparse_label=False)(x, nd.array([[1.0, 0.0, 0.0]]))
    ),
    "poisson.at_zero@alike": call(lambda y: losses.PoissonNLLLoss()(nd.full(y.shape, -10), y), "y"),
    "binary_cross_entropy.beyond@alike": call(losses.SigmoidBinaryCrossEntropyLoss(), "x", "y"),
}
