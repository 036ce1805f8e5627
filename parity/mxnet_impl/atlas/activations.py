"""Owns MXNet's answers to the atlas about activations.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.mxnet_impl.atlas.asking import Answer, call, started
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


ANSWERS: Mapping[str, Answer] = {
    "hard_sigmoid.form": call(nd.hard_sigmoid),
    "gelu.form": call(lambda x: nd.LeakyReLU(x, act_type="gelu")),
    "softmax.implicit_axis": call(lambda x: nd.softmax(x)[0, 0, 0]),
    "softmax.all_masked": call(nd.softmax),
    "log_softmax.huge": call(nd.log_softmax),
    "relu.nan": call(nd.relu),
    "relu.minus_zero": call(lambda x: 1 / nd.relu(x)),
    "softplus.huge": call(lambda x: nd.Activation(x, act_type="softrelu")),
    "prelu.count": lambda _: started(nn.PReLU()).alpha.data().size,
    "elu.function_alpha": call(lambda x: -nd.LeakyReLU(x, act_type="elu")),
    "rrelu.evaluation": call(lambda x: -nd.LeakyReLU(x, act_type="rrelu")[0]),
}
