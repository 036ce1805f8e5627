"""Owns what the atlas advises for MXNet about slopes at kinks and plain arithmetic, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.mxnet_impl.atlas.answers import Answer, Inputs, call, dtype, slope, started, t
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn

AT_LEAST = slope(lambda x: nd.where(x >= 1, x, nd.ones_like(x)))
AT_MOST = slope(lambda x: nd.where(x <= 1, x, nd.ones_like(x)))


def guarded(function: Callable[[Any], Any]) -> Answer:
    """The function of an input that is not empty; 0 for an empty one."""
    return lambda inputs: float(function(t(inputs["x"])).asscalar()) if len(inputs["x"]) else 0.0


def nan(inputs: Inputs) -> bool:
    x = t(inputs["x"])
    return bool(nd.contrib.isnan(x).max().asscalar())


def without_nan(x: Any) -> Any:
    return nd.where(nd.contrib.isnan(x), nd.full(x.shape, -np.inf), x)


def _within(inputs: Inputs) -> bool:
    index = t(inputs["index"])
    return bool(index.min().asscalar() >= 0 and index.max().asscalar() < 5)


def _arctangent(x: Any) -> Any:
    safe = nd.where(x == 0, nd.ones_like(x), nd.zeros_like(x))
    return mxnet.np.arctan2(x.as_np_ndarray(), safe.as_np_ndarray()).as_nd_ndarray()


def _one(x: Any, place: Any) -> Any:
    return x[int(place.asscalar())]


def _double(inputs: Inputs) -> Any:
    layer = nn.Dense(2)
    layer.cast("float64")
    return started(layer)(nd.array(inputs["x"][:, None], dtype="float64"))


def _masked(x: Any) -> Any:
    return nd.contrib.boolean_mask(x, x > 5)


NUMBERS: Mapping[str, Answer] = {
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
    "number.round_half@torch": lambda inputs: mxnet.np.round(t(inputs["x"]).as_np_ndarray()).asnumpy(),
    "number.integer_division@torch": call(lambda i, j: i.astype("float32") / j.astype("float32"), "i", "j"),
    "number.integer_division_type@torch": dtype(
        lambda inputs: t(inputs["i"]).astype("float32") / t(inputs["j"]).astype("float32")
    ),
    "number.argmax_nan@alike": call(lambda x: nd.argmax(without_nan(x), axis=0)),
    "number.variance@torch": lambda inputs: mxnet.np.var(t(inputs["x"]).as_np_ndarray(), ddof=1).asnumpy(),
    "number.mean_empty@alike": guarded(nd.mean),
    "number.sum_empty@alike": guarded(nd.sum),
    "number.product_empty@alike": guarded(nd.prod),
    "number.empty_batch@alike": lambda _: len(
        [started(nn.Dense(2))(x) for x in (nd.array(np.ones((0, 3))), nd.ones((4, 3))) if len(x)]
    ),
    "number.mean_integers@alike": call(lambda i: i.astype("float32").mean(), "i"),
    "number.integer_mean_type@alike": dtype(lambda inputs: t(inputs["i"]).astype("float32").mean()),
    "number.range_type@keras": dtype(lambda _: nd.arange(3, dtype="int32")),
    "number.float64_array_type@torch": dtype(lambda inputs: nd.array(inputs["x"], dtype="float64")),
    "number.float64_layer_type@alike": dtype(_double),
    "number.argmax_type@alike": dtype(lambda inputs: nd.argmax(t(inputs["x"]), axis=0).astype("int64")),
    "number.argsort_type@alike": dtype(lambda inputs: nd.argsort(t(inputs["x"])).astype("int64")),
    "number.integer_plus_float_type@torch": dtype(lambda inputs: t(inputs["i"]).astype("float32") + 0.5),
    "number.integer_power@alike": call(lambda i: i.astype("float32") ** -1, "i"),
    "number.half_plus_single_type@torch": dtype(
        lambda inputs: t(inputs["x"]).astype("float16").astype("float32") + t(inputs["x"])
    ),
    "number.int32_plus_int64_type@torch": dtype(lambda inputs: t(inputs["i"]).astype("int64") + t(inputs["i"]).astype("int64")),
    "number.int32_plus_single_type@torch": dtype(lambda inputs: t(inputs["i"]).astype("float32") + t(inputs["x"])),
    "number.bytes_type@alike": dtype(
        lambda inputs: t(inputs["i"]).astype("uint8").astype("int32") + t(inputs["i"]).astype("int8").astype("int32")
    ),
    "number.integer_plus_half_type@torch": dtype(
        lambda inputs: t(inputs["i"]).astype("int64").astype("float16") + t(inputs["x"]).astype("float16")
    ),
    "number.single_plus_double_type@torch": dtype(
        lambda inputs: t(inputs["x"]).astype("float64") + t(inputs["x"]).astype("float64")
    ),
    "number.boolean_sum_type@alike": dtype(lambda inputs: (t(inputs["x"]) > 0).astype("int64").sum()),
    "number.half_mean@alike": call(lambda x: x.astype("float16").astype("float32").mean()),
    "number.sort_nan@alike": call(lambda x: nd.sort(nd.contrib.boolean_mask(x, 1 - nd.contrib.isnan(x)))),
    "number.softmax_nan@alike": call(lambda x: nd.softmax(without_nan(x))),
    "number.subnormal@alike": call(lambda x: nd.log(nd.exp(x) + 1e-30)),
    "number.sign_nan@keras": call(lambda x: nd.where(nd.contrib.isnan(x), x, nd.sign(x))),
    "number.clip_crossed@alike": call(lambda x: nd.clip(x, min(1, -1), max(1, -1))),
    "number.remainder_by_zero@torch": call(lambda x, y: nd.where(y == 0, nd.full(x.shape, np.nan), nd.modulo(x, y)), "x", "y"),
    "number.boolean_plus@alike": call(lambda i: (i > 0).astype("int32") + (i > 0).astype("int32"), "i"),
    "number.boolean_minus@alike": call(lambda i: (i > 0).astype("int32") - (i > 0).astype("int32"), "i"),
    "number.integers_type@keras": dtype(lambda _: nd.array([1, 2], dtype="int32")),
    "number.int64_array_type@torch": dtype(lambda inputs: nd.array(inputs["i"], dtype="int64")),
    "number.half_layer_type@alike": dtype(
        lambda inputs: started(nn.Dense(2))(t(inputs["x"]).astype("float16").astype("float32")[:, None])
    ),
    "number.integer_sum_overflow@torch": lambda inputs: t(inputs["i"]).astype("int64").sum().asnumpy(),
    "number.integer_root@torch": call(lambda i: nd.sqrt(i.astype("float32")), "i"),
    "number.scalar_axes@torch": lambda inputs: np.ndim(t(inputs["x"]).sum().asscalar()),
    "number.mask_index@torch": call(_masked),
    "number.integer_product@torch": call(
        lambda i, j: nd.dot(i.astype("float32").reshape((1, -1)), j.astype("float32").reshape((-1, 1))), "i", "j"
    ),
    "number.top_returns@torch": call(lambda x: nd.topk(x, k=1, ret_typ="value")),
    "number.take_beyond@alike": _within,
    "number.take_behind@torch": call(lambda i: nd.take(nd.arange(5) * 10, i, mode="wrap"), "index"),
}
