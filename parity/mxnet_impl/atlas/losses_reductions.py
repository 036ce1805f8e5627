"""Owns MXNet's answers to the atlas about the formulas of losses, and what they reduce over.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.mxnet_impl.atlas.asking import Answer, call, t
from parity.mxnet_impl.device import mxnet

_LOSSES, nd = mxnet.gluon.loss, mxnet.nd
_KL = _LOSSES.KLDivLoss(from_logits=True)


ANSWERS: Mapping[str, Answer] = {
    "squared_error.form": call(lambda x: _LOSSES.L2Loss()(x, nd.zeros_like(x))),
    "absolute_error.form": call(lambda x: _LOSSES.L1Loss()(x, nd.zeros_like(x))),
    "huber.form": call(lambda x: _LOSSES.HuberLoss()(x, nd.zeros_like(x))),
    "cross_entropy.takes": call(_LOSSES.SoftmaxCrossEntropyLoss(), "x", "labels"),
    "binary_cross_entropy.at_zero": call(
        lambda x: _LOSSES.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True)(x[None], nd.ones_like(x)[None])
    ),
    "cross_entropy.weighted": lambda inputs: _LOSSES.SoftmaxCrossEntropyLoss()(
        t(inputs["x"]), t(inputs["labels"]), t(inputs["weights"])[:, None]
    ).asnumpy(),
    "kl_divergence.form": lambda inputs: _KL(t(inputs["q"]).log(), t(inputs["p"])).asnumpy(),
    "binary_cross_entropy.takes": call(lambda x: _LOSSES.SigmoidBinaryCrossEntropyLoss()(x[None], nd.ones_like(x)[None])),
    "hinge.zero_label": call(lambda x, labels: _LOSSES.HingeLoss()(x[None], labels[None]), "x", "labels"),
}
