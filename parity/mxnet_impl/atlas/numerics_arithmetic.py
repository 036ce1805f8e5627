"""Owns MXNet's answers to the atlas about arithmetic: mixed types, overflow, indices.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.mxnet_impl.atlas.asking import Answer, Inputs, call, dtype, started, t
from parity.mxnet_impl.device import mxnet

nd, nn = mxnet.nd, mxnet.gluon.nn


def _boolean(inputs: Inputs) -> Any:
    return t(inputs["i"]) > 0


def _as(inputs: Inputs, name: str, dtype: str) -> Any:
    return t(inputs[name]).astype(dtype)


def _far(_: Inputs) -> int:
    numbers = nd.zeros(2**24 + 2)
    numbers[-1] = 1
    return int(nd.argmax(numbers, axis=0).asscalar()) - 2**24


ANSWERS: Mapping[str, Answer] = {
    "number.subnormal": call(nd.exp),
    "number.sign_nan": call(nd.sign),
    "number.relu_infinite": call(lambda x: nd.relu(x) - nd.relu(x)),
    "number.clip_crossed": call(lambda x: nd.clip(x, 1, -1)),
    "number.remainder_by_zero": call(nd.modulo, "x", "y"),
    "number.boolean_plus": lambda inputs: (_boolean(inputs) + _boolean(inputs)).asnumpy(),
    "number.boolean_minus": lambda inputs: (_boolean(inputs) - _boolean(inputs)).asnumpy(),
    "number.mean_boolean": lambda inputs: _boolean(inputs).astype("float32").mean().asnumpy(),
    "number.integers_type": dtype(lambda _: nd.array([1, 2])),
    "number.int64_array_type": dtype(lambda inputs: nd.array(inputs["i"].astype(np.int64))),
    "number.full_type": dtype(lambda _: nd.full(2, 1)),
    "number.float_list_type": dtype(lambda _: nd.array([1.0, 2.0])),
    "number.cumulative_sum_type": dtype(lambda inputs: nd.cumsum(t(inputs["i"]))),
    "number.bytes_type": dtype(lambda inputs: _as(inputs, "i", "uint8") + _as(inputs, "i", "int8")),
    "number.integer_plus_half_type": dtype(lambda inputs: _as(inputs, "i", "int64") + _as(inputs, "x", "float16")),
    "number.single_plus_double_type": dtype(lambda inputs: t(inputs["x"]) + _as(inputs, "x", "float64")),
    "number.byte_plus_number_type": dtype(lambda inputs: _as(inputs, "i", "uint8") + 1),
    "number.integer_mean_type": dtype(lambda inputs: t(inputs["i"]).mean()),
    "number.half_layer_type": dtype(lambda inputs: started(nn.Dense(2))(_as(inputs, "x", "float16")[:, None])),
    "number.integer_sum_overflow": lambda inputs: t(inputs["i"]).sum().asnumpy(),
    "number.integer_root": call(nd.sqrt, "i"),
    "number.half_sum": lambda _: nd.ones(4096, dtype="float16").sum().astype("float32").asnumpy(),
    "number.half_loop": lambda _: (nd.full(1, 2048, dtype="float16") + nd.ones(1, dtype="float16")).astype("float32").asnumpy(),
    "number.argmax_far": _far,
    "number.argmax_axes": call(lambda x: nd.argmax(x.reshape((2, 2)))),
    "number.nan_to_integer": lambda inputs: t(inputs["x"]).astype("int32").asnumpy(),
    "number.reversed": call(lambda x: x[::-1]),
    "number.scalar_axes": lambda inputs: t(inputs["x"]).sum().ndim,
    "number.broadcast": lambda _: (nd.zeros((2, 3)) + nd.zeros(3)).shape,
    "number.softmax_integers": call(nd.softmax, "i"),
    "number.argsort_type": dtype(lambda inputs: nd.argsort(t(inputs["x"]))),
    "number.mask_index": call(lambda x: x[x > 5]),
    "number.integer_product": call(lambda i, j: nd.dot(i.reshape((1, -1)), j.reshape((-1, 1))), "i", "j"),
    "number.remainder_integers": call(nd.modulo, "i", "j"),
    "number.top_returns": call(lambda x: nd.topk(x, k=1)),
    "number.take_beyond": call(lambda i: nd.take(nd.arange(5) * 10, i), "index"),
    "number.take_behind": call(lambda i: nd.take(nd.arange(5) * 10, i), "index"),
}
