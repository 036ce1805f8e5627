"""Owns MXNet's answers to the atlas about numerics: NaN, ties, rounding, types.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

import numpy as np

from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, dtype, started, t
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


def _waits(_: Inputs) -> float:
    """Whether the call alone takes more than half of the time until the result can be read."""
    x = nd.ones((1200, 1200))
    nd.waitall()
    start = perf_counter()
    y = nd.dot(x, x)
    returned = perf_counter()
    y.wait_to_read()
    return float(returned - start > (perf_counter() - start) / 2)


def _raised(inputs: Inputs) -> float:
    try:
        taken = nd.take(nd.arange(5), t(inputs["index"]), mode="raise")
    except mxnet.base.MXNetError:
        return 1.0
    try:
        taken.wait_to_read()
    except mxnet.base.MXNetError:
        return 0.0
    return float("nan")


ANSWERS: Mapping[str, Answer] = {
    "number.round_half": call(nd.round),
    "number.remainder": call(nd.modulo, "x", "y"),
    "number.integer_division": call(nd.divide, "i", "j"),
    "number.integer_division_type": dtype(lambda inputs: t(inputs["i"]) / t(inputs["j"])),
    "number.argmax_tie": call(lambda x: nd.argmax(x, axis=0)),
    "number.argmax_nan": call(lambda x: nd.argmax(x, axis=0)),
    "number.maximum_nan": call(nd.maximum, "x", "y"),
    "number.max_nan": call(nd.max),
    "number.sign_zero": call(nd.sign),
    "number.variance": call(lambda x: nd.moments(x, axes=(0,))[1]),
    "number.zero_by_zero": call(nd.divide, "x", "x"),
    "number.power_zero_zero": call(nd.power, "x", "x"),
    "number.cube_root": call(lambda x: x ** (1 / 3)),
    "number.mean_empty": lambda _: nd.zeros((0,)).mean().asnumpy(),
    "number.max_empty": lambda _: nd.zeros((0,)).max().asnumpy(),
    "number.sum_type": dtype(lambda inputs: t(inputs["i"]).sum()),
    "number.mean_integers": call(nd.mean, "i"),
    "number.range_type": dtype(lambda _: nd.arange(3)),
    "number.zeros_type": dtype(lambda _: nd.zeros(3)),
    "number.float64_array_type": dtype(lambda inputs: nd.array(inputs["x"].astype(np.float64))),
    "number.float64_layer_type": dtype(lambda inputs: started(nn.Dense(2))(nd.array(inputs["x"][:, None], dtype="float64"))),
    "number.comparison_type": dtype(lambda inputs: t(inputs["x"]) > 0),
    "number.argmax_type": dtype(lambda inputs: nd.argmax(t(inputs["x"]), axis=0)),
    "number.integer_plus_float_type": dtype(lambda inputs: t(inputs["i"]) + 0.5),
    "number.empty_batch": lambda _: started(nn.Dense(2, in_units=3))(nd.zeros((0, 3))).shape,
    "number.integer_power": call(lambda i: i**-1, "i"),
    "number.one_hot_type": dtype(lambda inputs: nd.one_hot(t(inputs["i"]), 3)),
    "number.half_plus_single_type": dtype(lambda inputs: t(inputs["x"]).astype("float16") + t(inputs["x"])),
    "number.int32_plus_int64_type": dtype(lambda inputs: t(inputs["i"]) + t(inputs["i"]).astype("int64")),
    "number.int32_plus_single_type": dtype(lambda inputs: t(inputs["i"]) + t(inputs["x"])),
    "number.boolean_sum_type": dtype(lambda inputs: (t(inputs["x"]) > 0).sum()),
    "number.scalar_type": dtype(lambda _: nd.array([1.5])),
    "number.byte_overflow": lambda inputs: (t(inputs["i"]).astype("uint8") + t(inputs["j"]).astype("uint8")).asnumpy(),
    "number.half_overflow": lambda inputs: t(inputs["x"]).astype("float16").sum().astype("float32").asnumpy(),
    "number.half_mean": lambda inputs: t(inputs["x"]).astype("float16").mean().astype("float32").asnumpy(),
    "number.float_to_integer": lambda inputs: t(inputs["x"]).astype("int32").asnumpy(),
    "number.variance_of_one": call(lambda x: nd.moments(x, axes=(0,))[1]),
    "number.min_nan": call(nd.min),
    "number.sort_nan": call(nd.sort),
    "number.clip_nan": call(lambda x: nd.clip(x, 0, 1)),
    "number.top_tie": call(lambda x: nd.topk(x, k=2)),
    "number.log_negative": call(nd.log),
    "number.sum_empty": lambda _: nd.zeros((0,)).sum().asnumpy(),
    "number.product_empty": lambda _: nd.zeros((0,)).prod().asnumpy(),
    "number.softmax_nan": call(nd.softmax),
    "number.exponential_overflow": call(nd.exp),
    "number.sigmoid_huge": call(lambda x: 1 - nd.sigmoid(x)),
    "call.waits": _waits,
    "call.error": _raised,
}
