"""Owns Keras's answers to the atlas about defaults that no argument shows: they are measured (defaults.py holds the others).

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras import layers

from parity.keras_impl.atlas.asking import Answer


def _started_prelu() -> float:
    layer = layers.PReLU()
    layer.build((None, 1))
    return float(layer.get_weights()[0][0])


ANSWERS: Mapping[str, Answer] = {
    "prelu.start": lambda inputs: _started_prelu(),
}
