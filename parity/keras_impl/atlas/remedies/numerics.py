"""Owns what the atlas advises for Keras about numerics: NaN, ties, rounding, types, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keras import activations, layers, ops

from parity.keras_impl import device
from parity.keras_impl.atlas.asking import Answer, call, dtype, t


def guarded(function: Callable[[Any], Any]) -> Answer:
    """The function of an input that is not empty; 0 for an empty one."""
    return lambda inputs: float(function(t(inputs["x"]))) if len(inputs["x"]) else 0.0


def _unbiased(x: Any) -> Any:
    n = len(x)
    return ops.var(x) * n / (n - 1)


REMEDIES: Mapping[str, Answer] = {
    "tf32.matmul@torch": lambda _: float(device.without_tensor_float_32()),
    "number.argmax_nan@alike": call(lambda x: ops.argmax(ops.where(ops.isnan(x), -np.inf, x))),
    "number.variance@torch": call(_unbiased),
    "number.mean_empty@alike": guarded(ops.mean),
    "number.sum_empty@alike": guarded(ops.sum),
    "number.product_empty@alike": guarded(ops.prod),
    "number.empty_batch@alike": lambda _: len([layers.Dense(2)(x) for x in (ops.ones((0, 3)), ops.ones((4, 3))) if len(x)]),
    "number.mean_integers@alike": call(lambda i: ops.mean(ops.cast(i, "float32")), "i"),
    "number.range_type@torch": dtype(lambda _: ops.arange(3, dtype="int64")),
    "number.float64_layer_type@alike": dtype(lambda inputs: layers.Dense(2, dtype="float64")(inputs["x"][:, None])),
    "number.comparison_type@mxnet": dtype(lambda inputs: ops.cast(t(inputs["x"]) > 0, "float32")),
    "number.argmax_type@alike": dtype(lambda inputs: ops.cast(ops.argmax(t(inputs["x"])), "int64")),
    "number.integer_power@alike": call(lambda i: ops.cast(i, "float32") ** -1, "i"),
    "number.boolean_sum_type@alike": dtype(lambda inputs: ops.sum(ops.cast(t(inputs["x"]) > 0, "int64"))),
    "number.half_mean@alike": call(lambda x: ops.mean(ops.cast(ops.cast(x, "float16"), "float32"))),
    "number.sort_nan@alike": call(lambda x: ops.sort(x[~ops.isnan(x)])),
    "number.softmax_nan@alike": call(lambda x: activations.softmax(ops.where(ops.isnan(x), -np.inf, x))),
}
