"""Owns MXNet's answers to the atlas about normalization.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, called, dtype, started, t
from parity.mxnet_impl.device import mxnet

autograd, nd, nn = mxnet.autograd, mxnet.nd, mxnet.gluon.nn


def _batch_norm(inputs: Inputs) -> Any:
    layer = started(nn.BatchNorm(momentum=0.25))
    with autograd.record():
        total = layer(t(inputs["x"])).sum()
    total.backward()  # MXNet moves running values in the backward pass
    nd.waitall()
    return layer


def _frozen(inputs: Inputs) -> Array:
    layer = started(nn.BatchNorm(epsilon=2.0**-10))
    layer.collect_params().setattr("grad_req", "null")
    with autograd.record():
        return np.asarray(layer(t(inputs["x"])).asnumpy())


def _lrn(x: Any) -> Any:
    return nd.LRN(x, nsize=3, alpha=3.0, beta=1.0, knorm=1.0)[0, 1, 0, 0]


def _normalized(x: Any, variance: float, **arguments: Any) -> Any:
    return nd.BatchNorm(x, nd.full(1, 3.0), nd.zeros(1), nd.zeros(1), nd.full(1, variance), **arguments)


def _epsilon(inputs: Inputs) -> float:
    """Epsilon, computed from the output of a normalization for 1 at variance 0."""
    return float(_normalized(t(inputs["x"]), 0.0).asnumpy()[0, 0]) ** -2


def _called(layer: Any, x: Any) -> Any:
    started(layer)(x)
    return layer


def _running_while_frozen(inputs: Inputs) -> Array:
    layer, x = started(nn.BatchNorm(momentum=0.25)), t(inputs["x"])
    layer.collect_params().setattr("grad_req", "null")
    x.attach_grad()
    with autograd.record():
        total = layer(x).sum()
    total.backward()
    return np.asarray(layer.running_mean.data().asnumpy())


def _half() -> Any:
    layer = nn.BatchNorm(in_channels=3)
    layer.cast("float16")
    return started(layer).running_var.data()


ANSWERS: Mapping[str, Answer] = {
    "batch_norm.momentum_means": lambda inputs: _batch_norm(inputs).running_mean.data().asnumpy(),
    "batch_norm.running_variance": lambda inputs: _batch_norm(inputs).running_var.data().asnumpy(),
    "batch_norm.axis": lambda inputs: called(nn.BatchNorm(), inputs).gamma.shape[0],
    "batch_norm.frozen": _frozen,
    "normalize.tiny": call(lambda x: nd.L2Normalization(x[None])[0]),
    "local_response_norm.alpha_means": call(_lrn),
    "batch_norm.function_scale": call(lambda x: _normalized(x, 1.0, eps=2.0**-10)[0]),
    "batch_norm.function_epsilon": _epsilon,
    "layer_norm.variance": call(lambda x: started(nn.LayerNorm(epsilon=0.25))(x)[0]),
    "normalize.axis": call(lambda x: nd.L2Normalization(x)[0, 0, 0]),
    "group_norm.gains": lambda inputs: _called(nn.GroupNorm(2), t(inputs["x"])).gamma.shape[0],
    "batch_norm.frozen_moves": _running_while_frozen,
    "batch_norm.half_statistics": dtype(lambda _: _half()),
    "batch_norm.saved": lambda _: len(nn.BatchNorm(in_channels=3).collect_params().keys()),
    "layer_norm.two_axes": lambda inputs: _called(nn.LayerNorm(axis=(-2, -1)), t(inputs["x"])).gamma.shape,
}
