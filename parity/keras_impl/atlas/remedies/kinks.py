"""Owns what the atlas advises for Keras about gradients at kinks, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras import activations, ops

from parity.keras_impl.atlas.asking import Answer, Inputs, slope, t

AT_LEAST = slope(lambda x: ops.where(x >= 1, x, 1))
AT_MOST = slope(lambda x: ops.where(x <= 1, x, 1))


def nan(inputs: Inputs) -> bool:
    return bool(ops.any(ops.isnan(t(inputs["x"]))))


REMEDIES: Mapping[str, Answer] = {
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
}
