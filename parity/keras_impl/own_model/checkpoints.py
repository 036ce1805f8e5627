"""Owns how a user's Keras model gets the weights of a file: `load_weights`, which reads arrays and makes no objects.

It refuses any other kind of file, and one that does not fit the model.
"""

from __future__ import annotations

from pathlib import Path

import keras

from parity.execution.own_target import Mistyped

ENDINGS = (".weights.h5", ".h5", ".hdf5", ".keras")
"""Of a `.keras` archive the weights alone are read."""


def load(model: keras.Model, file: Path) -> None:
    """Raises Mistyped where the file cannot be read so, or does not fit."""
    if not file.name.endswith(ENDINGS):
        raise Mistyped(f"{file} is no file of weights that Keras reads: its name ends in {' or '.join(ENDINGS)}")
    if not isinstance(model, keras.Model):
        raise Mistyped(f"{file}: a layer alone loads no weights; return a keras.Model")
    try:
        model.load_weights(file)
    except Exception as error:  # whatever the reader says of a file
        message = " ".join(str(error).split())
        raise Mistyped(f"{file} does not fit the model: {message[:500]}") from error
