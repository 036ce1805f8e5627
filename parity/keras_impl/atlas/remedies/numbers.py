"""Owns what the atlas advises for Keras about slopes at kinks and plain arithmetic, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keras import activations, layers, ops

from parity.keras_impl.atlas.answers import Answer, Inputs, call, dtype, slope, t

AT_LEAST = slope(lambda x: ops.where(x >= 1, x, 1))
AT_MOST = slope(lambda x: ops.where(x <= 1, x, 1))


def guarded(function: Callable[[Any], Any]) -> Answer:
    """The function of an input that is not empty; 0 for an empty one."""
    return lambda inputs: float(function(t(inputs["x"]))) if len(inputs["x"]) else 0.0


def nan(inputs: Inputs) -> bool:
    return bool(ops.any(ops.isnan(t(inputs["x"]))))


def _boolean(inputs: Inputs) -> Any:
    return t(inputs["i"]) > 0


def _within(inputs: Inputs) -> bool:
    index = t(inputs["index"])
    return bool(ops.min(index) >= 0 and ops.max(index) < 5)


def _unbiased(x: Any) -> Any:
    n = len(x)
    return ops.var(x) * n / (n - 1)


NUMBERS: Mapping[str, Answer] = {
    "kink.norm@alike": slope(lambda x: ops.sqrt(ops.sum(x**2) + 1e-12)),
    "kink.maximum@alike": AT_LEAST,
    "kink.maximum_second@alike": AT_LEAST,
    "kink.maximum_number@alike": AT_LEAST,
    "kink.minimum@alike": AT_MOST,
    "kink.minimum_second@alike": AT_MOST,
    "kink.minimum_number@alike": AT_MOST,
    "kink.max@alike": slope(lambda x: x[ops.argmax(x)]),
    "kink.max_axis@alike": slope(lambda x: x[ops.argmax(x)]),
    "kink.min@alike": slope(lambda x: x[ops.argmin(x)]),
    "kink.where_sqrt@alike": slope(lambda x: ops.where(x > 0, ops.sqrt(ops.where(x > 0, x, 1)), 0)),
    "kink.power_zero@alike": slope(lambda x: ops.ones_like(x) + 0 * x),
    "kink.standard_deviation@alike": slope(lambda x: ops.sqrt(ops.var(x) + 1e-12)),
    "kink.selu@torch": slope(lambda x: 1.0507009873554805 * activations.elu(x, 1.6732632423543772)),
    "kink.prelu@torch": slope(lambda x: ops.where(x > 0, x, 0.25 * x)),
    "kink.relu_nan@alike": nan,
    "kink.cosine@alike": slope(lambda x: ops.sum(x * ops.ones_like(x)) / ops.sqrt(ops.sum(x**2) + 1e-12) / 2**0.5),
    "kink.arctangent@alike": slope(lambda x: ops.arctan2(x, ops.where(x == 0, 1.0, 0.0))),
    "kink.normalize@alike": slope(lambda x: x / ops.sqrt(ops.sum(x**2) + 1e-12)),
    "kink.power_exponent@alike": slope(lambda x: (0 + 1e-12) ** x),
    "kink.cumulative_product@torch": slope(lambda x: ops.associative_scan(ops.multiply, x)),
    "kink.cumulative_product_behind@torch": slope(lambda x: ops.associative_scan(ops.multiply, x)),
    "number.argmax_nan@alike": call(lambda x: ops.argmax(ops.where(ops.isnan(x), -np.inf, x))),
    "number.variance@torch": call(_unbiased),
    "number.mean_empty@alike": guarded(ops.mean),
    "number.sum_empty@alike": guarded(ops.sum),
    "number.product_empty@alike": guarded(ops.prod),
    "number.empty_batch@alike": lambda _: len([layers.Dense(2)(x) for x in (ops.ones((0, 3)), ops.ones((4, 3))) if len(x)]),
    "number.mean_integers@alike": call(lambda i: ops.mean(ops.cast(i, "float32")), "i"),
    "number.integer_mean_type@alike": dtype(lambda inputs: ops.mean(ops.cast(t(inputs["i"]), "float32"))),
    "number.range_type@torch": dtype(lambda _: ops.arange(3, dtype="int64")),
    "number.float64_layer_type@alike": dtype(lambda inputs: layers.Dense(2, dtype="float64")(inputs["x"][:, None])),
    "number.comparison_type@mxnet": dtype(lambda inputs: ops.cast(t(inputs["x"]) > 0, "float32")),
    "number.bytes_type@alike": dtype(
        lambda inputs: (
            ops.cast(ops.cast(t(inputs["i"]), "uint8"), "int32") + ops.cast(ops.cast(t(inputs["i"]), "int8"), "int32")
        )
    ),
    "number.argmax_type@alike": dtype(lambda inputs: ops.cast(ops.argmax(t(inputs["x"])), "int64")),
    "number.argsort_type@alike": dtype(lambda inputs: ops.cast(ops.argsort(t(inputs["x"])), "int64")),
    "number.integer_power@alike": call(lambda i: ops.cast(i, "float32") ** -1, "i"),
    "number.boolean_sum_type@alike": dtype(lambda inputs: ops.sum(ops.cast(t(inputs["x"]) > 0, "int64"))),
    "number.half_mean@alike": call(lambda x: ops.mean(ops.cast(ops.cast(x, "float16"), "float32"))),
    "number.sort_nan@alike": call(lambda x: ops.sort(x[~ops.isnan(x)])),
    "number.softmax_nan@alike": call(lambda x: activations.softmax(ops.where(ops.isnan(x), -np.inf, x))),
    "number.subnormal@alike": call(lambda x: ops.log(ops.exp(x) + 1e-30)),
    "number.clip_crossed@alike": call(lambda x: ops.clip(x, min(1, -1), max(1, -1))),
    "number.boolean_plus@alike": lambda inputs: ops.cast(_boolean(inputs), "int32") + ops.cast(_boolean(inputs), "int32"),
    "number.boolean_minus@alike": lambda inputs: ops.cast(_boolean(inputs), "int32") - ops.cast(_boolean(inputs), "int32"),
    "number.half_layer_type@alike": dtype(
        lambda inputs: layers.Dense(2)(ops.cast(ops.cast(t(inputs["x"]), "float16"), "float32")[:, None])
    ),
    "number.integer_sum_overflow@torch": lambda inputs: ops.sum(ops.cast(t(inputs["i"]), "int64")),
    "number.take_beyond@alike": _within,
}
