"""Owns the widths of Keras's type promotion: off TensorFlow, Keras cuts every float64 that it promotes to float32.

It refuses to touch whole numbers: their widths are Keras's own choice on each backend.
"""

from __future__ import annotations

from keras.src.backend.common import dtypes

CUT = str(dtypes.BIT64_TO_BIT32_DTYPE["float64"])
"""What Keras makes of float64 in `result_type`: float64 on TensorFlow, float32 on JAX and PyTorch, whatever floatx is."""


def keep_float64(kept: bool) -> None:
    """Lets float64 be the result of a promotion (differences.yaml, `float64 cut to float32`), or puts Keras's own rule back."""
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64" if kept else CUT
