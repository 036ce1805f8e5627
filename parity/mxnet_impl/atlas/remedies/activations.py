"""Owns what the atlas advises for MXNet about activations, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.mxnet_impl.atlas.asking import Answer, call, started
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


REMEDIES: Mapping[str, Answer] = {
    "hard_sigmoid.form@torch": call(lambda x: nd.hard_sigmoid(x, alpha=1 / 6, beta=0.5)),
    "softmax.implicit_axis@keras": call(lambda x: nd.softmax(x, axis=-1)[0, 0, 0]),
    "log_softmax.huge@torch": call(lambda x: nd.log_softmax(x - x.max())),
    "relu.minus_zero@alike": call(lambda x: 1 / (nd.relu(x) + 0.0)),
    "elu.function_alpha@torch": call(lambda x: -nd.LeakyReLU(x, act_type="elu", slope=1.0)),
    "rrelu.evaluation@torch": call(lambda x: -nd.LeakyReLU(x, act_type="rrelu", lower_bound=1 / 8, upper_bound=1 / 3)[0]),
    "prelu.count@alike": lambda _: started(nn.PReLU(in_channels=5)).alpha.data().size,
}
