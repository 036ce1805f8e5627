"""Owns MXNet's answers to the atlas about optimizers.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, optimized, t
from parity.mxnet_impl.device import mxnet

gluon = mxnet.gluon


def _clipped(inputs: Inputs) -> Array:
    x = t(inputs["x"])
    gluon.utils.clip_global_norm([x], float(inputs["threshold"]))
    return np.asarray(x.asnumpy())


ANSWERS: Mapping[str, Answer] = {
    "sgd.velocity": optimized(lambda: mxnet.optimizer.SGD(momentum=0.5)),
    "sgd.nesterov_form": optimized(lambda: mxnet.optimizer.NAG(momentum=0.5)),
    "sgd.decay": optimized(lambda: mxnet.optimizer.SGD(momentum=0.5, wd=0.25)),
    "adam.decay": optimized(lambda: mxnet.optimizer.Adam(beta1=0.5, beta2=0.75, epsilon=2.0**-10, wd=0.25)),
    "adam.epsilon_form": optimized(lambda: mxnet.optimizer.Adam(beta1=0.5, beta2=0.75, epsilon=0.25)),
    "rmsprop.epsilon_form": optimized(lambda: mxnet.optimizer.RMSProp(gamma1=0.75, epsilon=0.25)),
    "adagrad.epsilon_form": optimized(lambda: mxnet.optimizer.AdaGrad(eps=0.25)),
    "adadelta.rate": optimized(lambda: mxnet.optimizer.AdaDelta(rho=0.75, epsilon=0.25)),
    "adamax.form": optimized(lambda: mxnet.optimizer.Adamax(beta1=0.5, beta2=0.75)),
    "clip_norm.guard": _clipped,
}
