"""On JAX keras.ops.zeros_like, ones_like and full_like refuse a keras.Variable; on TensorFlow and PyTorch they take it.

    pip install keras==3.15.1 jax==0.10.2 numpy==2.4.6; KERAS_BACKEND=jax python zeros_like_a_variable.py

keras/src/backend/jax/numpy.py hands the variable to jnp.zeros_like, and JAX reads its attribute `dtype`, which is a word.
The other functions of keras.ops convert a variable first.
"""

from __future__ import annotations

import keras
import numpy as np

if __name__ == "__main__":
    print(f"keras {keras.__version__} on {keras.backend.backend()}, numpy {np.__version__}")  # noqa: T201
    for function in (keras.ops.zeros_like, keras.ops.ones_like, keras.ops.mean):
        try:
            print(f"{function.__name__}: {function(keras.Variable(0.0))}")  # noqa: T201
        except ValueError as error:
            print(f"{function.__name__}: ValueError: {error}")  # noqa: T201
