"""On PyTorch keras.layers.LayerNormalization(axis=1) normalises the last axis where the sizes allow it, and raises where not.

    pip install keras==3.15.1 torch==2.13.0 numpy==2.4.6; KERAS_BACKEND=torch python layer_norm_axis.py

torch.nn.functional.layer_norm takes the shape of the last axes; keras/src/ops/nn.py, layer_normalization, hands it the shape of
the scale, wherever the axis is. On TensorFlow and JAX axis 1 is normalised.
"""

from __future__ import annotations

import keras
import numpy as np


def truth(x: np.ndarray, axis: int, epsilon: float) -> np.ndarray:
    """(x - mean)/sqrt(variance + epsilon) along an axis, in float64."""
    centred = x - x.mean(axis, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis, keepdims=True) + epsilon)


if __name__ == "__main__":
    print(f"keras {keras.__version__} on {keras.backend.backend()}, numpy {np.__version__}")  # noqa: T201
    for shape in ((2, 4, 4), (2, 3, 4)):
        x = np.random.default_rng(0).normal(size=shape)
        layer = keras.layers.LayerNormalization(axis=1)
        try:
            y = keras.ops.convert_to_numpy(layer(x.astype("float32")))
        except RuntimeError as error:
            print(f"{shape}: {str(error).splitlines()[2]}")  # noqa: T201
            continue
        off = {axis: np.abs(y - truth(x, axis, layer.epsilon)).max() for axis in (1, 2)}
        print(f"{shape}: axis 1 off by {off[1]:.1e}; it is axis 2 that was normalised: off by {off[2]:.1e}")  # noqa: T201
