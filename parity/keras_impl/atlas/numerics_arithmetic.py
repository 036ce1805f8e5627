"""Owns Keras's answers to the atlas about arithmetic: mixed types, overflow, indices.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import activations, layers, ops

from parity.keras_impl.atlas.asking import Answer, Inputs, call, dtype, t


def _boolean(inputs: Inputs) -> Any:
    return t(inputs["i"]) > 0


def _as(inputs: Inputs, name: str, dtype: str) -> Any:
    return ops.cast(t(inputs[name]), dtype)


def _far(_: Inputs) -> int:
    numbers = np.zeros(2**24 + 2, np.float32)
    numbers[-1] = 1
    return int(ops.argmax(numbers)) - 2**24


def _half_layer(inputs: Inputs) -> Any:
    return layers.Dense(2)(_as(inputs, "x", "float16")[:, None])


ANSWERS: Mapping[str, Answer] = {
    "number.subnormal": call(ops.exp),
    "number.sign_nan": call(ops.sign),
    "number.relu_infinite": call(lambda x: activations.relu(x) - activations.relu(x)),
    "number.clip_crossed": call(lambda x: ops.clip(x, 1, -1)),
    "number.remainder_by_zero": call(ops.mod, "x", "y"),
    "number.boolean_plus": lambda inputs: ops.add(_boolean(inputs), _boolean(inputs)),
    "number.boolean_minus": lambda inputs: ops.subtract(_boolean(inputs), _boolean(inputs)),
    "number.mean_boolean": lambda inputs: ops.mean(_boolean(inputs)),
    "number.integers_type": dtype(lambda _: ops.convert_to_tensor([1, 2])),
    "number.int64_array_type": dtype(lambda inputs: ops.convert_to_tensor(inputs["i"].astype(np.int64))),
    "number.full_type": dtype(lambda _: ops.full((2,), 1)),
    "number.float_list_type": dtype(lambda _: ops.convert_to_tensor([1.0, 2.0])),
    "number.cumulative_sum_type": dtype(lambda inputs: ops.cumsum(t(inputs["i"]))),
    "number.bytes_type": dtype(lambda inputs: ops.add(_as(inputs, "i", "uint8"), _as(inputs, "i", "int8"))),
    "number.integer_plus_half_type": dtype(lambda inputs: ops.add(_as(inputs, "i", "int64"), _as(inputs, "x", "float16"))),
    "number.single_plus_double_type": dtype(lambda inputs: ops.add(t(inputs["x"]), _as(inputs, "x", "float64"))),
    "number.byte_plus_number_type": dtype(lambda inputs: ops.add(_as(inputs, "i", "uint8"), 1)),
    "number.integer_mean_type": dtype(lambda inputs: ops.mean(t(inputs["i"]))),
    "number.half_layer_type": dtype(_half_layer),
    "number.integer_sum_overflow": lambda inputs: ops.sum(t(inputs["i"])),
    "number.integer_root": call(ops.sqrt, "i"),
    "number.half_sum": lambda _: ops.cast(ops.sum(ops.cast(ops.ones(4096), "float16")), "float32"),
    "number.half_loop": lambda _: ops.cast(ops.add(ops.full((1,), 2048.0, "float16"), ops.ones(1, "float16")), "float32"),
    "number.argmax_far": _far,
    "number.argmax_axes": call(lambda x: ops.argmax(ops.reshape(x, (2, 2)))),
    "number.nan_to_integer": lambda inputs: ops.cast(t(inputs["x"]), "int32"),
    "number.reversed": call(lambda x: x[::-1]),
    "number.scalar_axes": lambda inputs: ops.sum(t(inputs["x"])).ndim,
    "number.broadcast": lambda _: ops.add(ops.zeros((2, 3)), ops.zeros(3)).shape,
    "number.softmax_integers": call(ops.softmax, "i"),
    "number.argsort_type": dtype(lambda inputs: ops.argsort(t(inputs["x"]))),
    "number.mask_index": call(lambda x: x[x > 5]),
    "number.integer_product": call(lambda i, j: ops.matmul(i[None], j[:, None]), "i", "j"),
    "number.remainder_integers": call(ops.mod, "i", "j"),
    "number.top_returns": call(lambda x: ops.top_k(x, 1)[0]),
    "number.take_beyond": call(lambda i: ops.take(ops.arange(5.0) * 10, i), "index"),
    "number.take_behind": call(lambda i: ops.take(ops.arange(5.0) * 10, i), "index"),
}
