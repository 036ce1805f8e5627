"""Owns what the atlas advises for MXNet about gradients at kinks, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity.mxnet_impl.atlas.asking import Answer, Inputs, slope, t
from parity.mxnet_impl.device import mxnet

nd = mxnet.nd
AT_LEAST = slope(lambda x: nd.where(x >= 1, x, nd.ones_like(x)))
AT_MOST = slope(lambda x: nd.where(x <= 1, x, nd.ones_like(x)))


def nan(inputs: Inputs) -> bool:
    x = t(inputs["x"])
    return bool(nd.contrib.isnan(x).max().asscalar())


def _arctangent(x: Any) -> Any:
    safe = nd.where(x == 0, nd.ones_like(x), nd.zeros_like(x))
    return mxnet.np.arctan2(x.as_np_ndarray(), safe.as_np_ndarray()).as_nd_ndarray()


def _one(x: Any, place: Any) -> Any:
    return x[int(place.asscalar())]


REMEDIES: Mapping[str, Answer] = {
    "kink.norm@alike": slope(lambda x: nd.sqrt(nd.sum(x**2) + 1e-12)),
    "kink.maximum@alike": AT_LEAST,
    "kink.maximum_second@alike": AT_LEAST,
    "kink.maximum_number@alike": AT_LEAST,
    "kink.minimum@alike": AT_MOST,
    "kink.minimum_second@alike": AT_MOST,
    "kink.minimum_number@alike": AT_MOST,
    "kink.max@alike": slope(lambda x: _one(x, nd.argmax(x, axis=0))),
    "kink.max_axis@alike": slope(lambda x: _one(x, nd.argmax(x, axis=0))),
    "kink.min@alike": slope(lambda x: _one(x, nd.argmin(x, axis=0))),
    "kink.hard_sigmoid@torch": slope(lambda x: nd.hard_sigmoid(x, alpha=1 / 6, beta=0.5)),
    "kink.where_sqrt@alike": slope(lambda x: nd.where(x > 0, nd.sqrt(nd.where(x > 0, x, nd.ones_like(x))), nd.zeros_like(x))),
    "kink.power_zero@alike": slope(lambda x: nd.ones_like(x) + 0 * x),
    "kink.product@torch": slope(lambda x: x[0] * x[1] * x[2]),
    "kink.relu_nan@alike": nan,
    "kink.hinge@torch": slope(lambda x: nd.where(x >= 0, x, nd.zeros_like(x))),
    "kink.cosine@alike": slope(lambda x: nd.sum(x * nd.ones_like(x)) / nd.sqrt(nd.sum(x**2) + 1e-12) / 2**0.5),
    "kink.arctangent@alike": slope(_arctangent),
    "kink.normalize@alike": slope(lambda x: nd.broadcast_div(x, nd.sqrt(nd.sum(x**2) + 1e-12))),
    "kink.power_exponent@alike": slope(lambda x: (0 + 1e-12) ** x),
}
