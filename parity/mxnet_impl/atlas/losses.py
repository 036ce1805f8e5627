"""Owns MXNet's answers to the atlas about losses: what they take, and what they give at the edges.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, t
from parity.mxnet_impl.device import mxnet

losses, nd = mxnet.gluon.loss, mxnet.nd


def _scored(loss: Any) -> Answer:
    return call(loss, "x", "labels")


def _probabilities(inputs: Inputs) -> Array:
    loss = losses.SoftmaxCrossEntropyLoss(from_logits=True)
    return np.asarray(loss(t(inputs["x"]).log(), t(inputs["labels"])).asnumpy())


def _classes(inputs: Inputs) -> float:
    x = t(inputs["x"])
    return float(losses.SoftmaxCrossEntropyLoss()(x, nd.zeros(x.shape[:-1])).asnumpy()[0])


def _divergence(inputs: Inputs) -> Array:
    return np.asarray(losses.KLDivLoss()(t(inputs["q"]).log(), t(inputs["p"])).asnumpy())


ANSWERS: Mapping[str, Answer] = {
    "cross_entropy.axis": _classes,
    "cross_entropy.label_beyond": _scored(losses.SoftmaxCrossEntropyLoss()),
    "cross_entropy.negative_label": _scored(losses.SoftmaxCrossEntropyLoss()),
    "cross_entropy.unnormalized": _probabilities,
    "cross_entropy.at_zero": _probabilities,
    "cross_entropy.huge": _scored(losses.SoftmaxCrossEntropyLoss()),
    "binary_cross_entropy.huge": call(losses.SigmoidBinaryCrossEntropyLoss(), "x", "y"),
    "binary_cross_entropy.first_argument": call(losses.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True), "x", "y"),
    "binary_cross_entropy.weighted": call(losses.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True), "x", "y", "weights"),
    "kl_divergence.takes": call(losses.KLDivLoss(), "q", "p"),
    "ctc.blank": _scored(losses.CTCLoss()),
    "ctc.reduction": _scored(losses.CTCLoss()),
    "poisson.takes": call(losses.PoissonNLLLoss(), "x", "y"),
    "huber.delta_form": call(lambda x: losses.HuberLoss(rho=2.0)(x, nd.zeros_like(x))),
    "triplet.distance": call(losses.TripletLoss(), "x", "y", "z"),
    "kl_divergence.at_zero": _divergence,
    "kl_divergence.zero_label": _divergence,
    "cross_entropy.float_label": call(losses.SoftmaxCrossEntropyLoss(), "x", "y"),
    "cross_entropy.one_hot": call(losses.SoftmaxCrossEntropyLoss(), "x", "y"),
    "ctc.impossible": call(losses.CTCLoss(), "x", "labels"),
    "poisson.at_zero": call(losses.PoissonNLLLoss(from_logits=False), "x", "y"),
    "binary_cross_entropy.beyond": call(losses.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True), "x", "y"),
}
