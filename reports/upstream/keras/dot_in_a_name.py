"""On PyTorch a Keras layer with weights cannot have a dot in its name; on TensorFlow and JAX it can.

    pip install keras==3.15.1 torch==2.13.0 numpy==2.4.6; KERAS_BACKEND=torch python dot_in_a_name.py

keras/src/backend/torch/layer.py holds the variables of a layer in a torch.nn.ParameterDict by their paths, and torch refuses
the name. A model with such names that was saved on another backend cannot be loaded: its layers raise while they are built.
"""

from __future__ import annotations

import keras
import numpy as np

if __name__ == "__main__":
    print(f"keras {keras.__version__} on {keras.backend.backend()}, numpy {np.__version__}")  # noqa: T201
    try:
        print(keras.layers.Dense(3, name="block.0")(np.ones((2, 2), "float32")).shape)  # noqa: T201
    except KeyError as error:
        print(f"KeyError: {error}")  # noqa: T201
