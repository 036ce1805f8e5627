"""Owns what the atlas advises for MXNet about normalization, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, started, t
from parity.mxnet_impl.atlas.remedies.building import BATCH, PIXELS, n, running, trained
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


def _still(inputs: Inputs) -> Array:
    layer = nn.BatchNorm(use_global_stats=True, momentum=0.25)
    trained(layer, t(inputs["x"]))
    return n(layer.running_mean.data())


def _gains(_: Inputs) -> Array:
    layer = started(nn.GroupNorm(2, scale=False, center=False))
    return n(layer(PIXELS) * nd.arange(1, 5).reshape((1, 4, 1, 1)))


def _two_axes(_: Inputs) -> Array:
    x = BATCH.reshape((2, 3, -1))
    return n(started(nn.LayerNorm(epsilon=1e-3))(x).reshape((2, 3, 4, 5)))


def _scaled(inputs: Inputs) -> Array:
    ones = (nd.full(1, 3.0), nd.zeros(1), nd.zeros(1), nd.full(1, 1.0))
    return n(nd.BatchNorm(t(inputs["x"]), *ones, eps=2.0**-10, fix_gamma=False)[0])


def _epsilon(inputs: Inputs) -> float:
    x = t(inputs["x"])
    return float(nd.BatchNorm(x, nd.ones(1), nd.zeros(1), nd.zeros(1), nd.zeros(1), eps=1e-5).asnumpy()[0, 0]) ** -2


def _frozen(inputs: Inputs) -> Array:
    return trained(nn.BatchNorm(use_global_stats=True, epsilon=2.0**-10), t(inputs["x"]))


def _axis(inputs: Inputs) -> int:
    layer = started(nn.BatchNorm(axis=-1))
    layer(t(inputs["x"]))
    return int(layer.gamma.shape[0])


REMEDIES: Mapping[str, Answer] = {
    "batch_norm.momentum_means@torch": lambda _: running(momentum=1 - 0.25),
    "batch_norm.axis@keras": _axis,
    "batch_norm.frozen@keras": _frozen,
    "batch_norm.frozen_moves@keras": _still,
    "normalize.tiny@torch": call(lambda x: nd.L2Normalization(x[None], eps=1e-24)[0]),
    "normalize.axis@torch": call(lambda x: nd.L2Normalization(x, mode="channel")[0, 0, 0]),
    "group_norm.gains@torch": _gains,
    "layer_norm.two_axes@torch": _two_axes,
    "batch_norm.function_scale@torch": _scaled,
    "batch_norm.function_epsilon@torch": _epsilon,
}
