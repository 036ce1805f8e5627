"""Owns what the atlas advises for Keras about arithmetic: mixed types, overflow, indices, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import layers, ops

from parity.keras_impl.atlas.asking import Answer, Inputs, call, dtype, t


def _boolean(inputs: Inputs) -> Any:
    return t(inputs["i"]) > 0


def _within(inputs: Inputs) -> bool:
    index = t(inputs["index"])
    return bool(ops.min(index) >= 0 and ops.max(index) < 5)


REMEDIES: Mapping[str, Answer] = {
    "number.integer_mean_type@alike": dtype(lambda inputs: ops.mean(ops.cast(t(inputs["i"]), "float32"))),
    "number.bytes_type@alike": dtype(
        lambda inputs: (
            ops.cast(ops.cast(t(inputs["i"]), "uint8"), "int32") + ops.cast(ops.cast(t(inputs["i"]), "int8"), "int32")
        )
    ),
    "number.argsort_type@alike": dtype(lambda inputs: ops.cast(ops.argsort(t(inputs["x"])), "int64")),
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
