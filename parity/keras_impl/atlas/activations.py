"""Owns Keras's answers to the atlas about activations.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras import activations, layers

from parity.keras_impl.atlas.asking import Answer, built, call

ANSWERS: Mapping[str, Answer] = {
    "hard_sigmoid.form": call(activations.hard_sigmoid),
    "gelu.form": call(activations.gelu),
    "hard_swish.form": call(activations.hard_swish),
    "softmax.implicit_axis": call(lambda x: activations.softmax(x)[0, 0, 0]),
    "softmax.all_masked": call(activations.softmax),
    "log_softmax.huge": call(activations.log_softmax),
    "relu.nan": call(activations.relu),
    "relu.minus_zero": call(lambda x: 1 / activations.relu(x)),
    "softplus.huge": call(activations.softplus),
    "prelu.count": lambda _: built(layers.PReLU(), (None, 3, 4, 5)).count_params(),
    "elu.function_alpha": call(lambda x: -activations.elu(x)),
    "log_sigmoid.huge": call(activations.log_sigmoid),
}
