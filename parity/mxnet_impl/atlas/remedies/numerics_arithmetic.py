"""Owns what the atlas advises for MXNet about arithmetic: mixed types, overflow, indices, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, dtype, started, t
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


def _far() -> int:
    numbers = nd.zeros(2**24 + 2)
    numbers[-1] = 1
    return int(nd.topk(numbers, k=1, dtype="int64").asscalar()) - 2**24


def _within(inputs: Inputs) -> bool:
    index = t(inputs["index"])
    return bool(index.min().asscalar() >= 0 and index.max().asscalar() < 5)


def _masked(x: Any) -> Any:
    return nd.contrib.boolean_mask(x, x > 5)


REMEDIES: Mapping[str, Answer] = {
    "number.argmax_far@torch": lambda _: _far(),
    "number.integer_mean_type@alike": dtype(lambda inputs: t(inputs["i"]).astype("float32").mean()),
    "number.argsort_type@alike": dtype(lambda inputs: nd.argsort(t(inputs["x"])).astype("int64")),
    "number.bytes_type@alike": dtype(
        lambda inputs: t(inputs["i"]).astype("uint8").astype("int32") + t(inputs["i"]).astype("int8").astype("int32")
    ),
    "number.integer_plus_half_type@torch": dtype(
        lambda inputs: t(inputs["i"]).astype("int64").astype("float16") + t(inputs["x"]).astype("float16")
    ),
    "number.single_plus_double_type@torch": dtype(
        lambda inputs: t(inputs["x"]).astype("float64") + t(inputs["x"]).astype("float64")
    ),
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
