"""Owns what the atlas advises for MXNet about numerics: NaN, ties, rounding, types, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np

from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, dtype, started, t
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


def _waited(_: Inputs) -> float:
    """Whether more than half of the time of a long product has passed when waitall returns."""
    x = nd.ones((1200, 1200))
    nd.waitall()
    start = perf_counter()
    y = nd.dot(x, x)
    nd.waitall()
    returned = perf_counter()
    y.wait_to_read()
    return float(returned - start > (perf_counter() - start) / 2)


def _raised(inputs: Inputs) -> float:
    try:
        y = nd.take(nd.arange(5), t(inputs["index"]), mode="raise")
        y.wait_to_read()
    except mxnet.base.MXNetError:
        return 1.0
    return 0.0


def guarded(function: Callable[[Any], Any]) -> Answer:
    """The function of an input that is not empty; 0 for an empty one."""
    return lambda inputs: float(function(t(inputs["x"])).asscalar()) if len(inputs["x"]) else 0.0


def without_nan(x: Any) -> Any:
    return nd.where(nd.contrib.isnan(x), nd.full(x.shape, -np.inf), x)


def _double(inputs: Inputs) -> Any:
    layer = nn.Dense(2)
    layer.cast("float64")
    return started(layer)(nd.array(inputs["x"][:, None], dtype="float64"))


REMEDIES: Mapping[str, Answer] = {
    "call.waits@torch": _waited,
    "call.error@torch": _raised,
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
    "number.range_type@keras": dtype(lambda _: nd.arange(3, dtype="int32")),
    "number.float64_array_type@torch": dtype(lambda inputs: nd.array(inputs["x"], dtype="float64")),
    "number.float64_layer_type@alike": dtype(_double),
    "number.argmax_type@alike": dtype(lambda inputs: nd.argmax(t(inputs["x"]), axis=0).astype("int64")),
    "number.integer_plus_float_type@torch": dtype(lambda inputs: t(inputs["i"]).astype("float32") + 0.5),
    "number.integer_power@alike": call(lambda i: i.astype("float32") ** -1, "i"),
    "number.half_plus_single_type@torch": dtype(
        lambda inputs: t(inputs["x"]).astype("float16").astype("float32") + t(inputs["x"])
    ),
    "number.int32_plus_int64_type@torch": dtype(lambda inputs: t(inputs["i"]).astype("int64") + t(inputs["i"]).astype("int64")),
    "number.int32_plus_single_type@torch": dtype(lambda inputs: t(inputs["i"]).astype("float32") + t(inputs["x"])),
    "number.boolean_sum_type@alike": dtype(lambda inputs: (t(inputs["x"]) > 0).astype("int64").sum()),
    "number.half_mean@alike": call(lambda x: x.astype("float16").astype("float32").mean()),
    "number.sort_nan@alike": call(lambda x: nd.sort(nd.contrib.boolean_mask(x, 1 - nd.contrib.isnan(x)))),
    "number.softmax_nan@alike": call(lambda x: nd.softmax(without_nan(x))),
}
