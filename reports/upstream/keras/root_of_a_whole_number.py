"""On PyTorch keras.ops.sqrt(12) is float32 where floatx is float64; on TensorFlow it is float64.

    pip install keras==3.15.1 torch==2.13.0 numpy==2.4.6; KERAS_BACKEND=torch python root_of_a_whole_number.py

keras/src/backend/torch/numpy.py, sqrt, casts to floatx where the type is int64 alone; a Python number becomes int32 on that
backend, and torch.sqrt of int32 is torch's default type. A transformer that scales its embedding by ops.sqrt(units) loses half
of its digits there.
"""

from __future__ import annotations

import keras
import numpy as np

if __name__ == "__main__":
    keras.config.set_floatx("float64")
    print(f"keras {keras.__version__} on {keras.backend.backend()}, numpy {np.__version__}")  # noqa: T201
    root = keras.ops.sqrt(12)
    off = abs(float(keras.ops.convert_to_numpy(root)) - np.sqrt(np.float64(12)))
    print(f"ops.sqrt(12) is {keras.backend.standardize_dtype(root.dtype)}, off by {off:.1e}")  # noqa: T201
