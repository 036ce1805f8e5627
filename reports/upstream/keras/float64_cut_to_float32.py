"""keras.backend.result_type("float64", "float64") is float32 on PyTorch and JAX, so that float64 layers compute in float32.

    pip install keras==3.15.1 torch==2.13.0 numpy==2.4.6; KERAS_BACKEND=torch python float64_cut_to_float32.py
    pip install keras==3.15.1 jax==0.10.2 numpy==2.4.6; KERAS_BACKEND=jax JAX_ENABLE_X64=1 python float64_cut_to_float32.py

With floatx float64 a Dense layer on PyTorch has float64 weights, takes float64 numbers and gives a float64 tensor; its product
is computed in float32. On JAX a mean is. The table BIT64_TO_BIT32_DTYPE in keras/src/backend/common/dtypes.py is "to be aligned
with JAX's default behavior", which is float32, as x64 is off there; PyTorch has no such default, and JAX with x64 on has not
either. On TensorFlow the script is right to 1e-16. Without JAX_ENABLE_X64, JAX does not hear set_floatx("float64") at all.
"""

from __future__ import annotations

import keras
import numpy as np

if __name__ == "__main__":
    keras.config.set_floatx("float64")
    x = np.random.default_rng(0).normal(size=(5, 7))
    layer = keras.layers.Dense(3)
    y = layer(keras.ops.convert_to_tensor(x))
    kernel, bias = (np.asarray(weight, np.float64) for weight in layer.get_weights())
    off = np.abs(keras.ops.convert_to_numpy(y) - (x @ kernel + bias)).max()
    print(f"keras {keras.__version__} on {keras.backend.backend()}, numpy {np.__version__}")  # noqa: T201
    print(f"a Dense layer gives {keras.backend.standardize_dtype(y.dtype)}, off by {off:.1e}")  # noqa: T201
    mean = keras.ops.mean(keras.ops.convert_to_tensor(x))
    off = abs(float(keras.ops.convert_to_numpy(mean)) - x.mean())
    print(f"a mean is {keras.backend.standardize_dtype(mean.dtype)}, off by {off:.1e}")  # noqa: T201
    print(f"result_type of float64 and float64: {keras.backend.result_type('float64', 'float64')}")  # noqa: T201
