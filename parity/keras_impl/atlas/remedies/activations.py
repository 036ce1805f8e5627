"""Owns what the atlas advises for Keras about activations, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras import activations, layers, ops

from parity.keras_impl.atlas.asking import Answer, Inputs, call


def _slopes(_: Inputs) -> int:
    layer = layers.PReLU(shared_axes=[1, 2])
    layer.build((None, 3, 4, 5))
    return int(layer.count_params())


REMEDIES: Mapping[str, Answer] = {
    "hard_sigmoid.form@mxnet": call(lambda x: ops.clip(0.2 * x + 0.5, 0, 1)),
    "softmax.implicit_axis@keras": call(lambda x: activations.softmax(x, axis=-1)[0, 0, 0]),
    "relu.minus_zero@alike": call(lambda x: 1 / (activations.relu(x) + 0.0)),
    "elu.function_alpha@mxnet": call(lambda x: -activations.elu(x, alpha=0.25)),
    "prelu.count@alike": _slopes,
}
