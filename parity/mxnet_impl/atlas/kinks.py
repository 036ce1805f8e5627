"""Owns MXNet's answers to the atlas about gradients at kinks.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.mxnet_impl.atlas.asking import Answer, slope
from parity.mxnet_impl.device import mxnet

_LOSSES, losses, nd, nn = mxnet.gluon.loss, mxnet.gluon.loss, mxnet.nd, mxnet.gluon.nn


ANSWERS: Mapping[str, Answer] = {
    "kink.relu": slope(nd.relu),
    "kink.leaky_relu": slope(lambda x: nd.LeakyReLU(x, slope=0.25)),
    "kink.elu": slope(lambda x: nd.LeakyReLU(x, act_type="elu", slope=2.0)),
    "kink.abs": slope(nd.abs),
    "kink.sqrt": slope(nd.sqrt),
    "kink.norm": slope(nd.norm),
    "kink.maximum": slope(lambda x: nd.maximum(x, nd.ones_like(x))),
    "kink.minimum": slope(lambda x: nd.minimum(x, nd.ones_like(x))),
    "kink.max": slope(nd.max),
    "kink.clip": slope(lambda x: nd.clip(x, -1, 1)),
    "kink.max_pool2d": slope(lambda x: nn.MaxPool2D((1, 2))(x[None, None].copy())),
    "kink.hard_sigmoid": slope(nd.hard_sigmoid),
    "kink.huber": slope(lambda x: _LOSSES.HuberLoss()(x[:, None], nd.zeros_like(x)[:, None])),
    "kink.sign": slope(nd.sign),
    "kink.round": slope(nd.round),
    "kink.floor": slope(nd.floor),
    "kink.where_sqrt": slope(lambda x: nd.where(x > 0, nd.sqrt(x), nd.zeros_like(x))),
    "kink.power_half": slope(lambda x: x**0.5),
    "kink.power_zero": slope(lambda x: x**0.0),
    "kink.log": slope(nd.log),
    "kink.product": slope(nd.prod),
    "kink.max_axis": slope(lambda x: nd.max(x.reshape((1, -1)), axis=1)),
    "kink.min": slope(nd.min),
    "kink.selu": slope(lambda x: nd.LeakyReLU(x, act_type="selu")),
    "kink.hinge": slope(lambda x: losses.HingeLoss()(x.reshape((-1, 1)) - 1, -nd.ones_like(x).reshape((-1, 1)))),
    "kink.absolute_error": slope(lambda x: losses.L1Loss()(x.reshape((-1, 1)), nd.zeros_like(x).reshape((-1, 1)))),
    "kink.ceil": slope(nd.ceil),
    "kink.cosine": slope(
        lambda x: -losses.CosineEmbeddingLoss()(x.reshape((1, -1)), nd.ones_like(x).reshape((1, -1)), nd.ones(1))
    ),
    "kink.top": slope(lambda x: nd.topk(x, k=1, ret_typ="value")),
    "kink.arctangent": slope(lambda x: mxnet.np.arctan2(x.as_np_ndarray(), 0 * x.as_np_ndarray()).as_nd_ndarray()),
    "kink.prelu": slope(lambda x: nd.LeakyReLU(x.reshape((1, 1)), nd.full(1, 0.25), act_type="prelu")),
    "kink.relu_nan": slope(nd.relu),
    "kink.maximum_number": slope(lambda x: nd.maximum(1, x)),
    "kink.minimum_second": slope(lambda x: nd.minimum(nd.ones_like(x), x)),
    "kink.minimum_number": slope(lambda x: nd.minimum(1, x)),
    "kink.normalize": slope(lambda x: nd.L2Normalization(x.reshape((1, -1)))),
    "kink.remainder": slope(lambda x: nd.modulo(x, 3.0)),
    "kink.power_exponent": slope(lambda x: nd.power(nd.zeros_like(x), x)),
    "kink.arccosine": slope(nd.arccos),
    "kink.maximum_second": slope(lambda x: nd.maximum(nd.ones_like(x), x)),
    "kink.sort": slope(lambda x: nd.sort(x, axis=0)[0]),
    "kink.entropy": slope(lambda x: x * nd.log(x)),
    "kink.root_of_square": slope(lambda x: nd.sqrt(x**2)),
    "kink.where_divide": slope(lambda x: nd.where(x != 0, 1 / x, nd.zeros_like(x))),
    "kink.softplus": slope(lambda x: nd.Activation(x, act_type="softrelu")),
    "kink.sigmoid": slope(nd.sigmoid),
    "kink.clip_beyond": slope(lambda x: nd.clip(x, -1, 1)),
    "kink.variance": slope(lambda x: nd.moments(x, axes=(0,))[1]),
    "kink.absolute_power": slope(lambda x: nd.abs(x) ** 1.5),
}
