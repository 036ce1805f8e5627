"""ops.tanh in float32 on a CPU is off by up to 1e-4: it is 1 from 5 on, and off by 1.5e-5 below 4.

    pip install mindspore==2.10.0 "numpy<2"; python tanh_float32.py

A unit of float32 near 1 is 6e-8. Recurrent networks inherit the error: nn.RNN's states are off by 4e-6. Float64 is right.
"""

from __future__ import annotations

import mindspore
import numpy as np
from mindspore import ops

if __name__ == "__main__":
    x = np.linspace(-9, 9, 180001).astype(np.float32)
    found = ops.tanh(mindspore.Tensor(x)).asnumpy()
    errors = np.abs(found - np.tanh(x.astype(np.float64)))
    print(f"mindspore {mindspore.__version__}: worst at {x[errors.argmax()]:.4f}, off by {errors.max():.1e}")  # noqa: T201
    for bound in (1, 2, 3, 4, 5):
        inside = np.abs(x) < bound
        print(f"  for |x| < {bound}: off by {errors[inside].max():.1e}")  # noqa: T201
    print(f"  1 from {x[found == 1].min():.4f} on, where tanh is {np.tanh(5):.6f}")  # noqa: T201
