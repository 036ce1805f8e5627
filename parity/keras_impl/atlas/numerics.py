"""Owns Keras's answers to the atlas about numerics: NaN, ties, rounding, types.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

import numpy as np
from keras import activations, layers, ops

from parity.keras_impl import device
from parity.keras_impl.atlas.asking import Answer, Inputs, call, dtype, t


def _waits(_: Inputs) -> float:
    """Whether the call alone takes more than half of the time until the result can be read."""
    x = ops.ones((1200, 1200))
    start = perf_counter()
    y = ops.matmul(x, x)
    returned = perf_counter()
    float(y[0, 0])
    return float(returned - start > (perf_counter() - start) / 2)


def _raised(inputs: Inputs) -> float:
    try:
        taken = ops.take(ops.arange(5.0), t(inputs["index"]))
    except Exception:
        return 1.0
    return float(taken[0]) * 0


ANSWERS: Mapping[str, Answer] = {
    "number.round_half": call(ops.round),
    "number.remainder": call(ops.mod, "x", "y"),
    "number.floor_divide": call(ops.floor_divide, "x", "y"),
    "number.integer_division": call(ops.divide, "i", "j"),
    "number.integer_division_type": dtype(lambda inputs: ops.divide(t(inputs["i"]), t(inputs["j"]))),
    "number.argmax_tie": call(ops.argmax),
    "number.argmax_nan": call(ops.argmax),
    "number.maximum_nan": call(ops.maximum, "x", "y"),
    "number.max_nan": call(ops.max),
    "number.sign_zero": call(ops.sign),
    "number.variance": call(ops.var),
    "number.median": call(ops.median),
    "number.zero_by_zero": call(ops.divide, "x", "x"),
    "number.power_zero_zero": call(ops.power, "x", "x"),
    "number.cube_root": call(lambda x: ops.power(x, 1 / 3)),
    "number.mean_empty": call(ops.mean),
    "number.max_empty": call(ops.max),
    "number.sum_type": dtype(lambda inputs: ops.sum(t(inputs["i"]))),
    "number.mean_integers": call(ops.mean, "i"),
    "number.range_type": dtype(lambda _: ops.arange(3)),
    "number.zeros_type": dtype(lambda _: ops.zeros(3)),
    "number.float64_array_type": dtype(lambda inputs: ops.convert_to_tensor(inputs["x"].astype(np.float64))),
    "number.float64_layer_type": dtype(lambda inputs: layers.Dense(2)(inputs["x"].astype(np.float64)[:, None])),
    "number.comparison_type": dtype(lambda inputs: t(inputs["x"]) > 0),
    "number.argmax_type": dtype(lambda inputs: ops.argmax(t(inputs["x"]))),
    "number.integer_plus_float_type": dtype(lambda inputs: ops.add(t(inputs["i"]), 0.5)),
    "number.empty_batch": lambda _: layers.Dense(2)(np.zeros((0, 3), np.float32)).shape,
    "number.integer_by_zero": call(ops.floor_divide, "i", "j"),
    "number.integer_power": call(lambda i: ops.power(i, -1), "i"),
    "number.one_hot_type": dtype(lambda inputs: ops.one_hot(t(inputs["i"]), 3)),
    "number.half_plus_single_type": dtype(lambda inputs: ops.add(ops.cast(t(inputs["x"]), "float16"), t(inputs["x"]))),
    "number.int32_plus_int64_type": dtype(lambda inputs: ops.add(t(inputs["i"]), ops.cast(t(inputs["i"]), "int64"))),
    "number.int32_plus_single_type": dtype(lambda inputs: ops.add(t(inputs["i"]), t(inputs["x"]))),
    "number.boolean_sum_type": dtype(lambda inputs: ops.sum(t(inputs["x"]) > 0)),
    "number.scalar_type": dtype(lambda _: ops.convert_to_tensor(1.5)),
    "number.byte_overflow": lambda inputs: ops.add(ops.cast(t(inputs["i"]), "uint8"), ops.cast(t(inputs["j"]), "uint8")),
    "number.half_overflow": lambda inputs: ops.cast(ops.sum(ops.cast(t(inputs["x"]), "float16")), "float32"),
    "number.half_mean": lambda inputs: ops.cast(ops.mean(ops.cast(t(inputs["x"]), "float16")), "float32"),
    "number.float_to_integer": lambda inputs: ops.cast(t(inputs["x"]), "int32"),
    "number.variance_of_one": call(ops.var),
    "number.min_nan": call(ops.min),
    "number.sort_nan": call(ops.sort),
    "number.clip_nan": call(lambda x: ops.clip(x, 0, 1)),
    "number.top_tie": call(lambda x: ops.top_k(x, 2)[1]),
    "number.log_negative": call(ops.log),
    "number.argmax_empty": call(ops.argmax),
    "number.sum_empty": call(ops.sum),
    "number.product_empty": call(ops.prod),
    "number.softmax_nan": call(activations.softmax),
    "number.exponential_overflow": call(ops.exp),
    "number.sigmoid_huge": call(lambda x: 1 - activations.sigmoid(x)),
    "call.waits": _waits,
    "call.error": _raised,
    "tf32.matmul": lambda _: float(device.tensor_float_32()),
    "tf32.convolution": lambda _: float(device.tensor_float_32()),
}
