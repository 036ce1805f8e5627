"""Owns what the atlas advises for MXNet about the formulas of losses, and what they reduce over, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, t
from parity.mxnet_impl.atlas.remedies.building import mean, n
from parity.mxnet_impl.device import mxnet

losses, nd = mxnet.gluon.loss, mxnet.nd


def _weighted(inputs: Inputs) -> Array:
    loss = losses.SoftmaxCrossEntropyLoss()(t(inputs["x"]), t(inputs["labels"]), t(inputs["weights"])[:, None])
    return n(loss.mean())


REMEDIES: Mapping[str, Answer] = {
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
}
