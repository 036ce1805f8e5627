"""Owns what the atlas advises for MXNet about losses, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.answers import Answer, Inputs, call, t
from parity.mxnet_impl.atlas.remedies.layers import n
from parity.mxnet_impl.device import mxnet

nd, losses = mxnet.nd, mxnet.gluon.loss


def mean(loss: Any, *names: str) -> Answer:
    """The mean of a loss, of which MXNet gives one number per example."""
    return call(lambda *inputs: loss(*inputs).mean(), *names)


def within(inputs: Inputs) -> bool:
    labels = t(inputs["labels"])
    return bool(labels.min().asscalar() >= 0 and labels.max().asscalar() < 3)


def _weighted(inputs: Inputs) -> Array:
    loss = losses.SoftmaxCrossEntropyLoss()(t(inputs["x"]), t(inputs["labels"]), t(inputs["weights"])[:, None])
    return n(loss.mean())


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


LOSSES: Mapping[str, Answer] = {
    "squared_error.form@torch": call(lambda x: (2 * losses.L2Loss()(x, 0 * x)).mean()),
    "absolute_error.form@torch": call(lambda x: losses.L1Loss()(x, 0 * x).mean()),
    "huber.form@torch": call(lambda x: losses.HuberLoss()(x, 0 * x).mean()),
    "cross_entropy.takes@keras": call(
        lambda x, labels: losses.SoftmaxCrossEntropyLoss(from_logits=True)(nd.log(x), labels), "x", "labels"
    ),
    "binary_cross_entropy.at_zero@alike": lambda _: n(
        losses.SigmoidBinaryCrossEntropyLoss()(nd.full((1, 1), -20), nd.ones((1, 1)))
    ),
    "binary_cross_entropy.takes@torch": call(
        lambda x: losses.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True)(x[None], nd.ones_like(x)[None])
    ),
    "cross_entropy.weighted@keras": _weighted,
    "kl_divergence.form@keras": mean(lambda p, q: losses.KLDivLoss(axis=-1)(q.log(), p) * 1, "p", "q"),
    "hinge.zero_label@alike": call(lambda x: losses.HingeLoss()(x[None], nd.full((1, 1), -1))),
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
