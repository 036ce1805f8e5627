"""Owns Keras's answers to the atlas about gradients at kinks.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras import activations, initializers, layers, losses, ops

from parity.keras_impl.atlas.asking import Answer, slope

ANSWERS: Mapping[str, Answer] = {
    "kink.relu": slope(activations.relu),
    "kink.relu6": slope(activations.relu6),
    "kink.leaky_relu": slope(lambda x: activations.leaky_relu(x, 0.25)),
    "kink.elu": slope(lambda x: activations.elu(x, 2.0)),
    "kink.abs": slope(ops.abs),
    "kink.sqrt": slope(ops.sqrt),
    "kink.norm": slope(ops.norm),
    "kink.maximum": slope(lambda x: ops.maximum(x, ops.ones_like(x))),
    "kink.minimum": slope(lambda x: ops.minimum(x, ops.ones_like(x))),
    "kink.max": slope(ops.max),
    "kink.clip": slope(lambda x: ops.clip(x, -1, 1)),
    "kink.max_pool2d": slope(lambda x: ops.max_pool(x[None, ..., None], (1, 2))),
    "kink.hard_sigmoid": slope(activations.hard_sigmoid),
    "kink.huber": slope(lambda x: losses.Huber(reduction="sum")(ops.zeros_like(x)[:, None], x[:, None])),
    "kink.sign": slope(ops.sign),
    "kink.round": slope(ops.round),
    "kink.floor": slope(ops.floor),
    "kink.where_sqrt": slope(lambda x: ops.where(x > 0, ops.sqrt(x), ops.zeros_like(x))),
    "kink.power_half": slope(lambda x: x**0.5),
    "kink.power_zero": slope(lambda x: x**0.0),
    "kink.log": slope(ops.log),
    "kink.product": slope(ops.prod),
    "kink.standard_deviation": slope(ops.std),
    "kink.max_axis": slope(lambda x: ops.max(x[None], axis=1)),
    "kink.min": slope(ops.min),
    "kink.hard_tanh": slope(activations.hard_tanh),
    "kink.hard_swish": slope(activations.hard_swish),
    "kink.selu": slope(activations.selu),
    "kink.hinge": slope(lambda x: losses.Hinge(reduction="sum")(-ops.ones_like(x)[:, None], x[:, None] - 1)),
    "kink.absolute_error": slope(lambda x: losses.MeanAbsoluteError(reduction="sum")(ops.zeros_like(x)[:, None], x[:, None])),
    "kink.logsumexp": slope(ops.logsumexp),
    "kink.ceil": slope(ops.ceil),
    "kink.cosine": slope(lambda x: -losses.CosineSimilarity()(ops.ones_like(x)[None], x[None])),
    "kink.top": slope(lambda x: ops.top_k(x, 1)[0]),
    "kink.arctangent": slope(lambda x: ops.arctan2(x, ops.zeros_like(x))),
    "kink.prelu": slope(lambda x: layers.PReLU(alpha_initializer=initializers.Constant(0.25))(x[None])),
    "kink.relu_nan": slope(activations.relu),
    "kink.maximum_number": slope(lambda x: ops.maximum(1, x)),
    "kink.minimum_second": slope(lambda x: ops.minimum(ops.ones_like(x), x)),
    "kink.minimum_number": slope(lambda x: ops.minimum(1, x)),
    "kink.cumulative_product_behind": slope(ops.cumprod),
    "kink.normalize": slope(lambda x: ops.normalize(x, axis=0)),
    "kink.remainder": slope(lambda x: ops.mod(x, 3.0)),
    "kink.power_exponent": slope(lambda x: ops.power(ops.zeros_like(x), x)),
    "kink.arccosine": slope(ops.arccos),
    "kink.maximum_second": slope(lambda x: ops.maximum(ops.ones_like(x), x)),
    "kink.median": slope(ops.median),
    "kink.sort": slope(lambda x: ops.sort(x)[0]),
    "kink.cumulative_product": slope(ops.cumprod),
    "kink.entropy": slope(lambda x: x * ops.log(x)),
    "kink.root_of_square": slope(lambda x: ops.sqrt(x**2)),
    "kink.where_divide": slope(lambda x: ops.where(x != 0, 1 / x, ops.zeros_like(x))),
    "kink.softplus": slope(activations.softplus),
    "kink.sigmoid": slope(activations.sigmoid),
    "kink.clip_beyond": slope(lambda x: ops.clip(x, -1, 1)),
    "kink.variance": slope(ops.var),
    "kink.absolute_power": slope(lambda x: ops.abs(x) ** 1.5),
}
